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
    // A time that the patient asked for ends their wait, another one does not; whoever knows better ticks it after.
    const ends = form.querySelector("[name=ends_wait]");
    if (ends) ends.checked = event.target.hasAttribute("data-fits");
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

  // --- Other days by keyboard -----------------------------------------------------------------------------------
  // Tab comes to one day of the weeks, arrows go to the others, Enter shows its times with the first fitting one in
  // the focus (the server marks it). Weeks that are turned keep the focus on the turning button.
  const daysOf = (table) => [...table.querySelectorAll("button[name=day]")];
  function rove(table, chosen) {
    for (const day of daysOf(table)) day.tabIndex = day === chosen ? 0 : -1;
  }
  function showDays() {
    document.querySelectorAll("table.month").forEach((table) => {
      const days = daysOf(table);
      rove(table, days.find((day) => day.matches(".on")) || days.find((day) => day.matches(".in")) || days[0]);
    });
  }
  document.addEventListener("keydown", (event) => {
    const day = event.target.closest && event.target.closest("table.month button[name=day]");
    if (!day || event.ctrlKey || event.metaKey || event.altKey) return;
    const table = day.closest("table");
    const days = daysOf(table);
    const row = [...table.tBodies[0].rows].indexOf(day.closest("tr"));
    const inColumn = days.filter((each) => each.closest("td").cellIndex === day.closest("td").cellIndex);
    const rowOf = (each) => [...table.tBodies[0].rows].indexOf(each.closest("tr"));
    const next = {
      ArrowLeft: () => days[days.indexOf(day) - 1],
      ArrowRight: () => days[days.indexOf(day) + 1],
      ArrowUp: () => inColumn.filter((each) => rowOf(each) < row).pop(),
      ArrowDown: () => inColumn.find((each) => rowOf(each) > row),
      Home: () => days[0],
      End: () => days[days.length - 1],
    }[event.key];
    if (!next) return;
    event.preventDefault();
    const found = next();
    if (found) { rove(table, found); found.focus(); }
  });
  let pressed = null;
  document.addEventListener("submit", (event) => { pressed = event.submitter; }, true);
  document.addEventListener("htmx:afterSettle", () => {
    showDays();
    const again = pressed && pressed.name === "first_day" && !pressed.isConnected && document.querySelector(`[data-focus-id="${pressed.dataset.focusId}"]`);
    pressed = null;
    if (again) again.focus();
  });
  showDays();

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
