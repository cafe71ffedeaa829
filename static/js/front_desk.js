// The front desk's pages: answers that a dialog shows although they are 409, and a refresh that waits for people.
(function () {
  "use strict";
  // Somebody else was first: the dialog itself shows what they did.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 409 && event.detail.target && event.detail.target.id === "dialog-frame") {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  // A form on a page of its own is not the dialog's: a change of it is answered with its page.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt.matches(".in-page [hx-select='.in-page']")) delete event.detail.headers["HX-Request"];
  });
  // The minute's refresh waits while somebody writes in a dialog or walks through the board with the keyboard; the alerts,
  // which stand outside of it, do not.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const polled = event.target.matches && event.target.matches("[data-background]:not(.page-alerts)") && !event.detail.requestConfig.triggeringEvent;
    if (polled && (document.hidden || document.querySelector("dialog[open]"))) event.preventDefault();
  });
})();
