// Lets the phone keep the plan (sw.js), and never shows a page out of the memory of the Back button.
(function () {
  "use strict";
  const worker = document.currentScript.dataset.worker;
  if (worker && "serviceWorker" in navigator) {
    addEventListener("load", () => navigator.serviceWorker.register(worker).catch(() => { /* a private window */ }));
  }
  // Whoever reads now may be somebody else than before.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  // The kept plan does not know what day it is; the phone does. What has ended meanwhile is said, and looks old.
  const aged = document.querySelectorAll("[data-from], [data-old-from]");
  function age() {
    for (const each of aged) {
      const isPast = Date.now() >= Date.parse(each.dataset.from || each.dataset.oldFrom);
      if (each.dataset.from) each.hidden = !isPast;
      else each.classList.toggle("is-old", isPast);
    }
  }
  if (aged.length) {
    age();
    addEventListener("pageshow", age);
    document.addEventListener("visibilitychange", age);
    setInterval(age, 60000);
  }
  // A page that stands in for another gives way when there is network again.
  if (document.querySelector("[data-stands-in]")) addEventListener("online", () => location.reload());
}());
