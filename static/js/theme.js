// Theme, text size and the room of the alerts, before the first paint (so this file is loaded without defer), and the
// buttons for them.
// The choice stays in this browser: "light", "dark", or nothing for what the system says.
(function () {
  "use strict";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const ORDER = { auto: "light", light: "dark", dark: "auto" };

  function read(key) {
    try { return localStorage.getItem("legwork." + key); } catch { return null; }
  }
  function keep(key, value) {
    try {
      if (value === null) localStorage.removeItem("legwork." + key);
      else localStorage.setItem("legwork." + key, value);
    } catch { /* a private window: the choice lasts for this page */ }
  }

  // The size of the text is a cookie, because pages that come with it need no script (aftercare/views/preferences.py).
  function readText() {
    return /(?:^|; )text=large(?:;|$)/.test(document.cookie) ? "large" : null;
  }
  function keepText(size) {
    const safe = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `text=${size || ""}; Path=/; SameSite=Lax; Max-Age=${size ? 31536000 : 0}${safe}`;
  }

  let theme = read("theme") || "auto";
  function showTheme() {
    root.dataset.bsTheme = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
    root.dataset.theme = theme;
  }
  function showText(size) {
    if (size === "large") root.dataset.text = "large"; else delete root.dataset.text;
    for (const button of document.querySelectorAll("[data-text-toggle]")) {
      button.setAttribute("aria-pressed", String(size === "large"));
    }
  }

  // The alerts of a staff page come after it. As much room as they took on the page before is kept for them, in a
  // new tab too, so that nothing moves under a finger; the height says nothing about anybody. The queue shows reports
  // itself, without a line above it: its own room is no measure for other pages.
  const room = location.pathname.startsWith("/queue/") ? "alerts.queue" : "alerts";
  function keepRoomForAlerts() {
    root.style.setProperty("--alerts", `${Number(read(room)) || 0}px`);
  }
  document.addEventListener("htmx:afterSettle", (event) => {
    if (!event.target.matches(".page-alerts")) return;
    root.style.removeProperty("--alerts");
    keep(room, event.target.getBoundingClientRect().height);
  });

  showTheme();
  showText(readText());
  keepRoomForAlerts();
  dark.addEventListener("change", showTheme);
  document.addEventListener("DOMContentLoaded", () => showText(readText()));

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-toggle]");
    if (button) {
      theme = ORDER[theme] || "light";
      keep("theme", theme === "auto" ? null : theme);
      showTheme();
      window.dispatchEvent(new CustomEvent("legwork:say", { detail: button.dataset[theme] }));
    }
    if (event.target.closest("[data-text-toggle]")) {
      const size = root.dataset.text === "large" ? null : "large";
      keepText(size);
      showText(size);
    }
  });
})();
