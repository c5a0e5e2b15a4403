/* Forms: questions that depend on an answer are hidden until it is given; a form with data-autosave saves itself as a draft.
   Autosave posts the form to that address 3 seconds after the last change; [data-saved] inside the form tells when. */
(function () {
  "use strict";

  function answers(form, name) {
    return Array.prototype.slice.call(form.elements)
      .filter(function (el) { return el.name === name && ((el.type !== "radio" && el.type !== "checkbox") || el.checked); })
      .map(function (el) { return el.value; });
  }

  function reveal(form) {
    form.querySelectorAll("[data-shown-when]").forEach(function (box) {
      var wanted = box.dataset.shownValues.split(" ");
      var given = answers(form, box.dataset.shownWhen);
      box.hidden = !given.some(function (value) { return wanted.indexOf(value) >= 0; });
    });
  }

  function say(form, words) {
    var place = form.querySelector("[data-saved]");
    if (place) { place.textContent = words; }
  }

  function save(form) {
    var place = form.querySelector("[data-saved]");
    var body = new FormData(form);
    form.querySelectorAll("input[type=file]").forEach(function (el) { body.delete(el.name); }); /* files go with the real submit */
    fetch(form.dataset.autosave, { method: "POST", body: body, headers: { "X-Draft": "1" }, credentials: "same-origin" })
      .then(function (answer) {
        if (!answer.ok) { throw new Error(answer.status); }
        var now = new Date();
        var clock = ("0" + now.getHours()).slice(-2) + ":" + ("0" + now.getMinutes()).slice(-2);
        say(form, (place ? place.dataset.savedWords || "" : "").replace("{time}", clock));
      })
      .catch(function () { say(form, place ? place.dataset.failedWords || "" : ""); });
  }

  function watch(form) {
    var timer = null;
    reveal(form);
    form.addEventListener("input", function () {
      reveal(form);
      if (!form.dataset.autosave) { return; }
      window.clearTimeout(timer);
      timer = window.setTimeout(function () { save(form); }, 3000);
    });
    form.addEventListener("change", function () { reveal(form); });
  }

  function each(root) {
    root.querySelectorAll("form").forEach(function (form) {
      if (form.dataset.watched) { return; }
      form.dataset.watched = "1";
      watch(form);
    });
  }

  each(document);
  document.addEventListener("htmx:afterSwap", function () { each(document); });
})();
