// The live totals of the score form. The server adds again; this only shows what it will say.
(function () {
  "use strict";
  const form = document.querySelector("[data-scores]");
  if (!form) return;
  const severeFrom = Number(form.dataset.severeFrom);

  function words(selects) {
    const answered = selects.filter((select) => select.value !== "");
    if (!answered.length) return "not examined";
    const total = answered.reduce((sum, select) => sum + Number(select.value), 0);
    const left = selects.length - answered.length;
    if (left) return `${total} so far, ${left} to answer`;
    return total >= severeFrom ? `${total}, severe` : `${total}`;
  }

  function show() {
    for (const output of form.querySelectorAll("[data-score-total]")) {
      const text = words([...form.querySelectorAll(`[data-score="${output.dataset.scoreTotal}"]`)]);
      if (output.textContent !== text) output.textContent = text;
    }
  }

  form.addEventListener("change", show);
  window.addEventListener("pageshow", show);
  show();
}());
