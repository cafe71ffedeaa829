// The score form: the live totals, the keys 0 to 3, and taking a leg's answers back, which radio buttons alone cannot.
// The server adds again; the totals only show what it will say.
(function () {
  "use strict";
  const form = document.querySelector("[data-scores]");
  if (!form) return;
  const severeFrom = Number(form.dataset.severeFrom);
  const of = (leg) => [...form.querySelectorAll(`input[data-score="${leg}"]`)];

  function words(inputs) {
    const answered = inputs.filter((input) => input.checked);
    if (!answered.length) return "not examined";
    const total = answered.reduce((sum, input) => sum + Number(input.value), 0);
    const left = new Set(inputs.map((input) => input.name)).size - answered.length;
    if (left) return `${total} so far, ${left} to answer`;
    return total >= severeFrom ? `${total}, severe` : `${total}`;
  }

  function show() {
    for (const output of form.querySelectorAll("[data-score-total]")) {
      const inputs = of(output.dataset.scoreTotal);
      const text = words(inputs);
      if (output.textContent !== text) output.textContent = text;
      const clear = form.querySelector(`[data-score-clear="${output.dataset.scoreTotal}"]`);
      clear.hidden = !inputs.some((input) => input.checked);
    }
  }

  form.addEventListener("keydown", (event) => {
    if (!event.target.dataset.score || event.ctrlKey || event.altKey || event.metaKey) return;
    const same = of(event.target.dataset.score).filter((input) => input.name === event.target.name);
    const chosen = same.find((input) => input.value === event.key);
    if (!chosen) return;
    event.preventDefault();
    chosen.checked = true;
    chosen.focus();
    show();
  });

  form.addEventListener("click", (event) => {
    const clear = event.target.closest("[data-score-clear]");
    if (!clear) return;
    const inputs = of(clear.dataset.scoreClear);
    for (const input of inputs) input.checked = false;
    show();
    inputs[0].focus();
  });

  form.querySelector("[data-score-keys]").hidden = false;
  form.addEventListener("change", show);
  window.addEventListener("pageshow", show);
  show();
}());
