// "How are you?": everything works without this. It keeps what is chosen and written while one goes on, so that the
// browser's Back loses nothing, and a yes to an emergency question at once; shows an answer that the red panel would lie
// on; writes beside the last step what is sent; says when there is no network; tells the clinic when somebody presses
// the emergency call.
(function () {
  "use strict";
  const form = document.getElementById("checkin");
  if (!form) return;
  const keeps = form.hasAttribute("data-keeps");
  const QUIET_MS = 600;
  const GAP_PX = 12;
  let waiting = 0;
  let isDirty = false;
  let isSending = false;

  const isEmergency = () => form.querySelector(".yes-danger:checked") !== null;

  // The panel lies over the lower part of the page: what it would cover goes up, no further than needed.
  function showAbovePanel(field) {
    const panel = form.querySelector(".emergency");
    const row = field.closest(".ask, .tick-line");
    if (!row || panel.contains(field) || getComputedStyle(panel).position !== "fixed") return;
    const covered = row.getBoundingClientRect().bottom + GAP_PX - panel.getBoundingClientRect().top;
    if (covered > 0) window.scrollBy(0, covered);
  }

  // The last step: own words stand under what the clinic gets, and the button says that something is sent.
  function mirror() {
    const typed = form.querySelector("[name=free_text]");
    const button = document.querySelector("[data-finish]");
    if (!typed || !button) return;
    const words = typed.value.trim();
    const said = form.querySelector("[data-said]");
    const nothing = form.querySelector("[data-nothing]");
    said.textContent = words;
    said.hidden = !words;
    if (nothing) nothing.hidden = Boolean(words);
    button.textContent = words || !nothing ? button.dataset.send : button.dataset.finish;
  }

  function body(go) {
    const data = new FormData(form);
    data.set("go", go);
    return data;
  }

  function keep() {
    clearTimeout(waiting);
    if (!isDirty || isSending) return;
    isDirty = false;
    navigator.sendBeacon(form.action, body("keep"));
  }

  function changed() {
    if (!keeps) return;
    isDirty = true;
    clearTimeout(waiting);
    waiting = setTimeout(keep, QUIET_MS);
  }

  form.addEventListener("change", (event) => {
    const row = event.target.closest(".tick-row");
    // A line that is not to be seen any more is not meant any more.
    if (row && event.target.name === "symptoms" && !event.target.checked) {
      for (const more of row.querySelectorAll(".tick-more input")) more.checked = false;
    }
    changed();
    if (!event.target.matches(".yes-danger")) return;
    keep(); // without waiting: it must not be lost with the page
    if (event.target.checked) showAbovePanel(event.target);
  });
  form.addEventListener("input", () => { changed(); mirror(); });
  form.addEventListener("focusin", (event) => { if (isEmergency()) showAbovePanel(event.target); });
  window.addEventListener("pagehide", keep);
  window.addEventListener("pageshow", () => {
    isSending = false;
    mirror();
    const yes = form.querySelector(".yes-danger:checked");
    if (yes) showAbovePanel(yes);
  });

  form.addEventListener("submit", (event) => {
    const notice = form.querySelector("[data-no-network]");
    notice.hidden = navigator.onLine;
    if (navigator.onLine) {
      isSending = true;
      clearTimeout(waiting);
      return;
    }
    event.preventDefault();
    notice.textContent = form.dataset.offline;
    notice.scrollIntoView({ block: "center" });
  });

  for (const call of form.querySelectorAll("[data-emergency-call]")) {
    call.addEventListener("click", () => {
      if (isEmergency()) {
        fetch(form.action, { method: "POST", body: body("tell"), keepalive: true, redirect: "manual" }).catch(() => {});
      }
    });
  }
})();
