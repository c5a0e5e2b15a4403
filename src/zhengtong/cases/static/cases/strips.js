/* The strip at the window: one press takes every paper, the tally follows, a changed situation asks for its papers. */
(function () {
  "use strict";

  var strip = document.getElementById("strip");
  if (!strip) { return; }

  function count() {
    document.querySelectorAll("#tally [data-count]").forEach(function (place) {
      place.textContent = strip.querySelectorAll('input[type=radio][value="' + place.dataset.count + '"]:checked').length;
    });
  }

  function takeAll(event) {
    var button = event.target.closest("[data-all]");
    if (!button) { return; }
    event.preventDefault();
    strip.querySelectorAll('input[type=radio][value="' + button.dataset.all + '"]').forEach(function (box) {
      var row = box.closest("tr");
      if (!row.querySelector("input[type=radio]:checked")) { box.checked = true; }
    });
    count();
  }

  document.addEventListener("change", function (event) {
    if (strip.contains(event.target)) { count(); }
    if (event.target.matches("[data-refresh]")) {
      event.target.form.querySelector("[name=refresh]").click();
    }
  });
  strip.addEventListener("click", takeAll);
  count();
})();
