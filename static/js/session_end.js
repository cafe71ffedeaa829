// The end of a session of the people who work here: said before it comes, and nothing typed is lost when it has come.
(function () {
  "use strict";
  const LAST_SECONDS = 150;
  const byId = (id) => document.getElementById(id);
  const say = (text) => document.dispatchEvent(new CustomEvent("toast", { detail: { text, level: "error" } }));
  const isBackground = (event) => "X-Background" in (event.detail.requestConfig?.headers || {});

  // The line stands below the bar; an open modal dialog covers the page, so it moves into it while it is open.
  const dialog = byId("dialog");
  function line() {
    const place = byId("session-ends");
    if (!place) return null;
    const covered = dialog && dialog.open;
    if (covered && place.parentElement !== dialog) dialog.prepend(place);
    if (!covered && place.parentElement === dialog) byId("session-ends-words").before(place);
    return place;
  }
  if (dialog) dialog.addEventListener("close", line);

  // Each refresh in the background says how long the server still waits for somebody; near the end a line asks.
  document.addEventListener("htmx:afterRequest", (event) => {
    const left = isBackground(event) && event.detail.xhr.getResponseHeader("X-Session-Left");
    const place = left && line();
    if (!place) return;
    if (Number(left) > LAST_SECONDS) place.replaceChildren();
    else if (!place.firstChild) place.append(byId("session-ends-words").content.cloneNode(true));
  });

  // Signed out: nothing stays on the screen for who comes next, unless typing would be lost with it.
  let typed = false;
  let said = false;
  document.addEventListener("input", (event) => { if (!event.target.matches("[type=search]")) typed = true; });
  document.addEventListener("submit", () => { typed = false; });
  function signedOut() {
    if (!typed) { location.reload(); return; }
    const place = line();
    if (place) place.replaceChildren();
    if (!said) say("You were signed out. What you typed is still here: sign in again in another tab, then send it.");
    said = true;
  }
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status !== 401) return;
    if (isBackground(event)) signedOut(); else location.reload();
  });

  document.addEventListener("click", (event) => {
    const stays = event.target.closest("[data-stay]");
    if (!stays) return;
    // Asked for by a person, so it counts. Who was signed out meanwhile is sent to the sign-in, which is no answer here.
    fetch(stays.dataset.stay, { credentials: "same-origin", redirect: "manual" }).then((answer) => {
      if (answer.ok) line().replaceChildren();
      else if (answer.status >= 500) say("The server did not answer. Press again.");
      else signedOut();
    }, () => say("No connection. Press again."));
  });
})();
