/* Lists by keyboard: j and k move, Enter opens, x picks, a letter on [data-key] presses it, / finds, ? shows the table of keys.
   A list is any table.zt-work; its row's first link is what Enter opens. Keys rest while something is typed. */
(function () {
  "use strict";

  function typing(target) {
    return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
  }

  function rows() {
    return Array.prototype.slice.call(document.querySelectorAll("table.zt-work tbody tr"));
  }

  function here(list) {
    return list.findIndex(function (row) { return row.classList.contains("is-here"); });
  }

  function move(step) {
    var list = rows();
    if (!list.length) { return; }
    var now = here(list);
    var next = Math.min(list.length - 1, Math.max(0, now + step));
    if (now >= 0) { list[now].classList.remove("is-here"); }
    list[next].classList.add("is-here");
    var link = list[next].querySelector("a");
    if (link) { link.focus({ preventScroll: true }); }
    list[next].scrollIntoView({ block: "nearest" });
  }

  function pick() {
    var list = rows();
    var box = here(list) >= 0 ? list[here(list)].querySelector("input[type=checkbox]") : null;
    if (box) { box.click(); }
  }

  function help() {
    var dialog = document.getElementById("keys-help");
    if (!dialog) { return; }
    if (dialog.open) { dialog.close(); } else { dialog.showModal(); }
  }

  function press(key) {
    var target = document.querySelector('[data-key="' + CSS.escape(key) + '"]');
    if (!target) { return false; }
    if (/^(input|textarea)$/i.test(target.tagName)) { target.focus(); target.select(); } else { target.click(); }
    if (target.tagName === "SUMMARY") { target.focus(); }
    return true;
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) { return; }
    if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (typing(event.target) && !/^F[0-9]+$/.test(event.key)) { return; }
    if (document.querySelector("dialog[open]") && event.key !== "?") { return; }
    var acts = { j: function () { move(1); }, k: function () { move(-1); }, x: pick, "?": help };
    if (rows().length && acts[event.key]) { acts[event.key](); event.preventDefault(); return; }
    if (event.key === "?") { help(); event.preventDefault(); return; }
    if (press(event.key)) { event.preventDefault(); }
  });
})();
