/* The chart of a procedure: fetched as BPMN 2.0 and drawn by bpmn-js. Without it the table below says the same. */
(function () {
  "use strict";

  function show(place) {
    var canvas = place.querySelector(".zt-chart__canvas");
    place.hidden = false;
    var viewer = new window.BpmnJS({ container: canvas });
    fetch(place.dataset.chart, { credentials: "same-origin" })
      .then(function (answer) {
        if (!answer.ok) { throw new Error(String(answer.status)); }
        return answer.text();
      })
      .then(function (xml) { return viewer.importXML(xml); })
      .then(function (read) {
        viewer.get("canvas").zoom("fit-viewport", "auto");
        place.dataset.drawn = String(read.warnings.length);
      })
      .catch(function (fault) {
        place.dataset.fault = fault.message;
        canvas.textContent = place.dataset.failedWords;
      });
    place.addEventListener("click", function (event) {
      var button = event.target.closest("[data-zoom]");
      if (!button) { return; }
      if (button.dataset.zoom === "fit") { viewer.get("canvas").zoom("fit-viewport", "auto"); return; }
      viewer.get("zoomScroll").stepZoom(button.dataset.zoom === "in" ? 1 : -1);
    });
  }

  var place = document.querySelector("[data-chart]");
  if (place && window.BpmnJS) { show(place); }
})();
