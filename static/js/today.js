// A patient's page that comes back after a while shows what holds now, not what held when it was put away.
(function () {
  "use strict";
  const STALE_AFTER_MS = 15 * 60 * 1000;
  let hiddenSince = 0;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenSince = Date.now();
    else if (hiddenSince && Date.now() - hiddenSince > STALE_AFTER_MS && navigator.onLine) location.reload();
  });
})();
