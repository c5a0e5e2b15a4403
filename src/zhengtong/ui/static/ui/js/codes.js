/* Identity numbers and credit codes are checked while they are typed: a tick when the check digit agrees, a sentence when not.
   The server checks again. Words stand in the page: data-good and data-bad on <body>'s #check-words. */
(function () {
  "use strict";
  var WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  var CHECKS = "10X98765432";
  var CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY";

  function identity(code) {
    if (!/^[0-9]{17}[0-9X]$/.test(code)) { return false; }
    var total = WEIGHTS.reduce(function (sum, weight, i) { return sum + weight * Number(code[i]); }, 0);
    return CHECKS[total % 11] === code[17];
  }

  function credit(code) {
    var total = 0;
    var weight = 1;
    for (var i = 0; i < 17; i += 1) {
      var value = CREDIT.indexOf(code[i]);
      if (value < 0) { return false; }
      total += value * weight;
      weight = (weight * 3) % 31;
    }
    return CREDIT[(31 - (total % 31)) % 31] === code[17];
  }

  var kinds = { identity: identity, credit_code: credit };
  var words = document.getElementById("check-words");

  document.addEventListener("input", function (event) {
    var check = kinds[event.target.dataset ? event.target.dataset.check : ""];
    if (!check || !words) { return; }
    var place = document.querySelector('[data-check-for="' + CSS.escape(event.target.id) + '"]');
    if (!place) { return; }
    var code = event.target.value.normalize("NFKC").replace(/[\s-]/g, "").toUpperCase();
    place.hidden = code.length < 18;
    if (place.hidden) { return; }
    var good = code.length === 18 && check(code);
    place.textContent = good ? words.dataset.good : words.dataset.bad;
    place.classList.toggle("is-bad", !good);
  });
})();
