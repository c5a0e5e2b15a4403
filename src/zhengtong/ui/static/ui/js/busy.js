/* After 300 ms of waiting the page says so; a submitted form cannot be sent twice; focus goes to the error summary. */
(function () {
  "use strict";
  var timer = null;
  var waiting = 0;

  function start() {
    waiting += 1;
    if (!timer) {
      timer = window.setTimeout(function () { document.body.classList.add("is-busy"); }, 300);
    }
  }

  function stop() {
    waiting = Math.max(0, waiting - 1);
    if (waiting) { return; }
    window.clearTimeout(timer);
    timer = null;
    document.body.classList.remove("is-busy");
  }

  document.addEventListener("htmx:beforeRequest", start);
  document.addEventListener("htmx:afterRequest", stop);

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.method === "get" || form.method === "dialog" || form.hasAttribute("hx-post")) { return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    start();
    window.setTimeout(function () { delete form.dataset.sent; stop(); }, 10000); /* a download leaves the page where it was */
  });

  window.addEventListener("pageshow", function () {
    waiting = 1;
    stop();
    document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
  });

  function lookAtErrors(root) {
    var summary = root.querySelector(".zt-errors");
    if (summary) { summary.focus(); }
  }
  lookAtErrors(document);
  document.addEventListener("htmx:afterSwap", function (event) { lookAtErrors(event.target); });
})();
