// A patient's page that comes back after a while shows what holds now, not what held when it was put away. The picture
// of the plan is drawn anew when the size of the text changes.
(function () {
  "use strict";
  const STALE_AFTER_MS = 15 * 60 * 1000;
  let hiddenSince = 0;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenSince = Date.now();
    else if (hiddenSince && Date.now() - hiddenSince > STALE_AFTER_MS && navigator.onLine) location.reload();
  });

  // Its letters are a part of the drawing, which the server makes for either size; theme.js has kept the choice by now.
  let asked = 0;
  async function redraw() {
    const mine = asked += 1;
    try {
      const answer = await fetch(location.href, { headers: { "X-Background": "1" } });
      const drawn = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("svg.plan");
      if (drawn && mine === asked) document.querySelector("svg.plan").replaceWith(drawn);
    } catch { /* no network: the next page has it */ }
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-text-toggle]") && document.querySelector("svg.plan")) redraw();
  });
})();
