// "How are you?": everything works without this. It keeps ticks when the page is left, says when there is no network,
// and tells the clinic when somebody presses the emergency call.
(function () {
  "use strict";
  const form = document.getElementById("checkin");
  if (!form) return;
  let changed = false;
  let sent = false;

  function body(go) {
    const data = new FormData(form);
    data.set("go", go);
    return data;
  }

  form.addEventListener("change", (event) => {
    changed = true;
    const row = event.target.closest(".tick-row");
    // A line that is not to be seen any more is not meant any more.
    if (row && event.target.name === "symptoms" && !event.target.checked) {
      for (const more of row.querySelectorAll(".tick-more input")) more.checked = false;
    }
  });
  form.addEventListener("input", () => { changed = true; });

  form.addEventListener("submit", (event) => {
    const notice = form.querySelector("[data-no-network]");
    notice.hidden = navigator.onLine;
    if (!navigator.onLine) {
      event.preventDefault();
      notice.textContent = form.dataset.offline;
      notice.scrollIntoView({ block: "center" });
      return;
    }
    sent = true;
  });

  window.addEventListener("pagehide", () => {
    if (changed && !sent && !form.querySelector(".yes-danger:checked")) navigator.sendBeacon(form.action, body("keep"));
  });
  window.addEventListener("pageshow", () => { sent = false; });

  for (const call of form.querySelectorAll("[data-emergency-call]")) {
    call.addEventListener("click", () => {
      if (form.querySelector(".yes-danger:checked")) {
        fetch(form.action, { method: "POST", body: body("tell"), keepalive: true, redirect: "manual" }).catch(() => {});
      }
    });
  }
})();
