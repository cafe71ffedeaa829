// Lets the phone keep the plan (sw.js), and never shows a page out of the memory of the Back button.
(function () {
  "use strict";
  const worker = document.currentScript.dataset.worker;
  if (worker && "serviceWorker" in navigator) {
    addEventListener("load", () => navigator.serviceWorker.register(worker).catch(() => { /* a private window */ }));
  }
  // Whoever reads now may be somebody else than before.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  // A page that stands in for another gives way when there is network again.
  if (document.querySelector("[data-stands-in]")) addEventListener("online", () => location.reload());
}());
