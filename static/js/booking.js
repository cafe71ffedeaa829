// The dialogs that book and move: the button says which time it takes, the travel question names its days, a link can be
// copied, and a new patient takes over the typed name. Everything works without this file, only less comfortably.
(function () {
  "use strict";
  // The chosen time stands on the button; before the window it asks a clinician, or for the reason.
  const dayWords = (value) => { const day = new Date(`${value}T12:00:00Z`); return `${day.toLocaleDateString("en-GB", { weekday: "short", timeZone: "UTC" })} ${day.getUTCDate()} ${day.toLocaleDateString("en-GB", { month: "short", timeZone: "UTC" })}`; };
  // "Mon 23 Nov, 07:15" once day, time and reason to overbook stand there; then every button and Enter overbook.
  function overbookedWords(form) {
    const [day, at, reason] = ["day", "at", "reason"].map((name) => (form.querySelector(`[name=overbook_${name}]`) || {}).value);
    return day && at && reason && reason.trim() ? `${dayWords(day)}, ${at}` : "";
  }
  function showChoice(form) {
    const chosen = form.querySelector("[name=slot]:checked");
    const button = form.querySelector("[data-confirm]");
    const beside = overbookedWords(form);
    form.querySelectorAll("[data-confirm], [data-enter]").forEach((each) => { each.value = beside ? "overbook" : "1"; });
    if (button && beside) button.querySelector("[data-confirm-words]").textContent = `${form.querySelector(".overbook").dataset.verb} ${beside}`;
    else if (button && chosen) {
      const verb = chosen.hasAttribute("data-asks") ? button.dataset.asks : button.dataset.confirm;
      button.querySelector("[data-confirm-words]").textContent = `${verb} ${chosen.dataset.when}`;
    }
    const reason = form.querySelector(".early-reason");
    if (reason) reason.hidden = !(chosen && chosen.hasAttribute("data-early"));
    const avoid = form.querySelector("[data-avoid-words]");
    if (avoid && chosen && chosen.dataset.avoid) avoid.textContent = chosen.dataset.avoid;
  }
  // A link can be copied only where the browser lets a page do so.
  const canCopy = Boolean(navigator.clipboard && window.isSecureContext);
  function show() {
    document.querySelectorAll("[data-times-form]").forEach(showChoice);
    if (canCopy) document.querySelectorAll("[data-copy][hidden]").forEach((button) => { button.hidden = false; });
  }
  document.addEventListener("change", (event) => {
    const form = event.target.closest("[data-times-form]");
    if (!form || event.target.name !== "slot") return;
    // Who takes a free time after all does not overbook another one.
    const reason = form.querySelector("[name=overbook_reason]");
    if (reason) reason.value = "";
    showChoice(form);
  });
  document.addEventListener("input", (event) => {
    const form = event.target.closest("[data-times-form]");
    if (form && event.target.closest(".overbook")) showChoice(form);
  });
  // Enter in the block that overbooks asks for what it still lacks; it never takes the time that is chosen elsewhere.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !event.target.matches || !event.target.matches(".overbook input")) return;
    event.preventDefault();
    event.target.closest(".overbook").querySelector("[data-overbook]").click();
  });
  document.addEventListener("htmx:afterSwap", show);
  show();

  const say = (text) => window.dispatchEvent(new CustomEvent("legwork:say", { detail: text }));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    field.select();
    navigator.clipboard.writeText(field.value).then(() => say(button.dataset.copied || "Copied."), () => say("Not copied. Press Ctrl and C."));
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches && event.target.matches("[data-select-all]")) event.target.select();
  });

  // Registering is a page of its own: what was typed goes there by POST, because names stay out of addresses.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-new-patient]");
    if (!button) return;
    event.preventDefault();
    event.stopPropagation();
    const from = button.closest("form");
    const form = document.createElement("form");
    form.method = "post";
    form.action = button.getAttribute("formaction");
    form.hidden = true;
    const typed = from.querySelector("[name=q]");
    for (const [name, value] of [["csrfmiddlewaretoken", from.querySelector("[name=csrfmiddlewaretoken]").value], ["typed", typed ? typed.value : ""]]) {
      const field = document.createElement("input");
      field.name = name;
      field.value = value;
      form.append(field);
    }
    document.body.append(form);
    form.submit();
  }, true);
})();
