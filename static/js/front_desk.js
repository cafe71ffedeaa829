// The front desk's pages: the button that says which time it books, and answers that a dialog shows although they are 409.
(function () {
  "use strict";
  // The chosen time stands on the button; a time before the window asks for its reason.
  function showChoice(form) {
    const button = form.querySelector("[data-confirm]");
    const chosen = form.querySelector("[name=slot]:checked");
    if (button && chosen) button.querySelector("[data-confirm-words]").textContent = `${button.dataset.confirm} ${chosen.dataset.when}`;
    const reason = form.querySelector(".early-reason");
    if (reason) reason.hidden = !(chosen && chosen.hasAttribute("data-early"));
  }
  const showAll = () => document.querySelectorAll("[data-times-form]").forEach(showChoice);
  document.addEventListener("change", (event) => {
    const form = event.target.closest("[data-times-form]");
    if (form && event.target.name === "slot") showChoice(form);
  });
  document.addEventListener("htmx:afterSwap", showAll);
  showAll();

  // Somebody else was first: the dialog itself shows what they did.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 409 && event.detail.target && event.detail.target.id === "dialog-frame") {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  // The minute's refresh waits while somebody writes in a dialog or walks through the board with the keyboard.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const polled = event.target.matches && event.target.matches("[data-background]") && !event.detail.requestConfig.triggeringEvent;
    if (polled && (document.hidden || document.querySelector("dialog[open]"))) event.preventDefault();
  });
})();
