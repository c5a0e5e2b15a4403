/* Before a session ends of itself the page says so. Whoever types or clicks is not idle: the site is told, now and then.
   Pages in other tabs of this browser count too. Without this script the session ends unsaid, and what is then sent is
   kept until the person has signed in again. */
(function () {
  "use strict";
  var box = document.getElementById("idle-watch");
  if (!box) { return; }
  var seconds = Number(box.dataset.seconds);
  var warnAt = Number(box.dataset.warnAt);
  var key = "zt-seen";
  var seen = Date.now();
  var touched = false;
  var asking = false;

  function note() {
    seen = Date.now();
    try { window.localStorage.setItem(key, String(seen)); } catch (error) { /* a private window */ }
  }

  function last() {
    try { return Math.max(seen, Number(window.localStorage.getItem(key)) || 0); } catch (error) { return seen; }
  }

  function show(isOver) {
    box.hidden = false;
    box.querySelectorAll("[data-over]").forEach(function (part) { part.hidden = !isOver; });
    box.querySelectorAll("[data-soon], [data-stay]").forEach(function (part) { part.hidden = isOver; });
  }

  function keep() {
    if (asking) { return; }
    asking = true;
    var body = new FormData();
    body.append("csrfmiddlewaretoken", box.querySelector("[name=csrfmiddlewaretoken]").value);
    fetch(box.dataset.keep, { method: "POST", body: body, credentials: "same-origin" })
      .then(function (answer) {
        if (answer.status === 403) { show(true); return; }
        if (answer.ok) { note(); touched = false; box.hidden = true; }
      })
      .catch(function () { /* tried again at the next tick */ })
      .finally(function () { asking = false; });
  }

  function tick() {
    var idle = (Date.now() - last()) / 1000;
    if (touched && idle > warnAt / 3 && idle < seconds) { keep(); return; }
    if (idle >= seconds) { show(true); } else if (idle >= warnAt) { show(false); } else { box.hidden = true; }
  }

  box.querySelector("[data-stay]").addEventListener("click", keep);
  ["input", "keydown", "pointerdown"].forEach(function (name) {
    document.addEventListener(name, function (event) { if (!box.contains(event.target)) { touched = true; } }, { passive: true });
  });
  document.addEventListener("htmx:afterRequest", note);
  note();
  window.setInterval(tick, Math.min(15, Math.max(1, warnAt / 10)) * 1000);
})();
