// Signed out while a page was open: the sign-in page's own forms (password, then the second factor) are shown in a
// dialog, and the page goes on where it was. Its ground is opaque: what stood on the page is not for the next reader.
(function () {
  "use strict";
  const dialog = document.getElementById("sign-in-again");
  if (!dialog) return;
  const place = dialog.querySelector("[data-form]");
  const line = dialog.querySelector("[data-words]");
  let waiting = null;

  function say(words) {
    line.hidden = !words;
    line.querySelector("span").textContent = words;
  }
  // Where one was led to: another step of signing in, the page one came from, or somebody else's page.
  function take(text, address) {
    const found = new DOMParser().parseFromString(text, "text/html");
    const visit = found.querySelector("[data-person]");
    if (visit) {
      if (visit.dataset.person !== dialog.dataset.person) { location.assign(address); return; }
      done(found.querySelector("[name=csrfmiddlewaretoken]").value);
      return;
    }
    const form = found.querySelector("form.form-stack");
    if (!form) { location.assign(address); return; }
    form.querySelectorAll("h1, h1 + p").forEach((node) => node.remove());
    form.action = new URL(form.getAttribute("action") || "", address).href;
    place.replaceChildren(document.importNode(form, true));
    const first = place.querySelector(".is-invalid, input:not([type=hidden])");
    if (first) first.focus();
  }
  async function load(request) {
    try {
      const answer = await fetch(...request);
      if (answer.status >= 500 || answer.status === 429) { say("That did not work. Wait a minute, then try again."); return; }
      say("");
      take(await answer.text(), answer.url);
    } catch { say("No connection. What you typed is kept; try again when you are back."); }
  }
  place.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    const data = new FormData(form, event.submitter);
    load([form.action, { method: "POST", body: new URLSearchParams([...data].filter(([, value]) => typeof value === "string")), credentials: "same-origin" }]);
  });
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  function done(token) {
    if (!waiting) return;
    const resume = waiting.resolve;
    waiting = null;
    place.replaceChildren();
    dialog.close();
    resume(token || "");
  }

  window.signInAgain = {
    // Resolves when the same person is signed in again, with the token for the page's forms ("" when it is not known).
    ask() {
      if (!waiting) {
        waiting = {};
        waiting.promise = new Promise((resolve) => { waiting.resolve = resolve; });
        const promise = waiting.promise;
        dialog.showModal();
        dialog.querySelector("h2").focus();
        load([`${dialog.dataset.signIn}?next=${encodeURIComponent(location.pathname)}`, { credentials: "same-origin" }]);
        return promise;
      }
      return waiting.promise;
    },
    isOpen: () => Boolean(waiting),
    // Signed in in another tab meanwhile.
    done,
  };
})();
