// "How are you?": everything works without this. It keeps what is chosen and written while one goes on, so that the
// browser's Back loses nothing; says when there is no network; tells the clinic when somebody presses the emergency call.
(function () {
  "use strict";
  const form = document.getElementById("checkin");
  if (!form) return;
  const keeps = form.hasAttribute("data-keeps");
  const QUIET_MS = 600;
  let waiting = 0;
  let isDirty = false;
  let isSending = false;

  const isEmergency = () => form.querySelector(".yes-danger:checked") !== null;

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
  });
  form.addEventListener("input", changed);
  window.addEventListener("pagehide", keep);
  window.addEventListener("pageshow", () => { isSending = false; });

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
