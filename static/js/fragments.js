// What an answer brings to the visit page: fragments, swapped in by id without losing what is being typed or stands
// open, and errors, shown beside their fields. Needs htmx.
(function () {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const form = byId("visit-form");

  // Fragments that did not change are left alone; others take over what is being typed in them at this moment.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const old = event.detail.target;
    const fresh = event.detail.fragment && event.detail.fragment.querySelector("#" + CSS.escape(old.id));
    if (!fresh) return;
    if (old.dataset.digest !== undefined && old.dataset.digest === fresh.dataset.digest) { event.detail.shouldSwap = false; return; }
    for (const field of fresh.querySelectorAll("input[name], textarea[name]")) {
      const live = old.querySelector(`[name="${CSS.escape(field.name)}"]`);
      if (!live || field.type === "hidden") continue;
      // A tick is for what stood beside it: where that is another now, it is asked for anew.
      if (field.type === "checkbox") { if (field.value === live.value) field.checked = live.checked; } else field.value = live.value;
    }
    // What somebody opened or folded stays so; what is new comes as the server has it.
    for (const drawer of old.querySelectorAll("details[id]")) {
      const now = fresh.querySelector("#" + CSS.escape(drawer.id));
      if (now) now.open = drawer.open;
    }
  });

  function showErrors() {
    const errors = JSON.parse(byId("saved").dataset.errors || "{}");
    for (const note of form.querySelectorAll(".invalid-feedback")) if (!(note.dataset.for in errors)) note.remove();
    for (const field of form.querySelectorAll(".is-invalid")) {
      if (field.id in errors) continue;
      field.classList.remove("is-invalid");
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    }
    for (const [id, words] of Object.entries(errors)) {
      const place = byId("div_" + id);
      const field = byId(id);
      if (!place) continue;
      let note = byId(id + "_error");
      if (!note) {
        note = document.createElement("div");
        note.className = "invalid-feedback";
        note.id = id + "_error";
        note.append(document.createElement("span"));
        place.append(note);
      }
      note.dataset.for = id;
      note.querySelector("span").textContent = words;
      if (field) { field.classList.add("is-invalid"); field.setAttribute("aria-invalid", "true"); field.setAttribute("aria-describedby", note.id); }
    }
  }
  showErrors();

  // What comes in above moves nothing under the hand: the field that is typed in, or was touched last, stays where it is,
  // and above the bar of totals.
  let touched = null;
  form.addEventListener("focusin", (event) => { touched = event.target; });
  form.addEventListener("pointerdown", (event) => { touched = event.target; });
  function inHand() {
    if (touched && !touched.isConnected && touched.id) touched = byId(touched.id);
    return touched && touched.isConnected && touched.getClientRects().length ? touched : null;
  }
  const topOf = (place) => place.getBoundingClientRect().top;
  function holdStill(before, place) {
    const bar = form.querySelector(".chart-bar");
    if (bar.contains(place)) return;
    const wasSeen = before > 0 && before < window.innerHeight;
    window.scrollBy({ top: topOf(place) - before, behavior: "instant" });
    const hidden = place.getBoundingClientRect().bottom + 8 - topOf(bar);
    if (wasSeen && hidden > 0) window.scrollBy({ top: hidden, behavior: "instant" });
  }

  window.takeFragments = (text) => {
    const held = inHand();
    const before = held ? topOf(held) : 0;
    window.htmx.swap(form, text, { swapStyle: "none", swapDelay: 0, settleDelay: 0 });
    showErrors();
    const place = held && inHand();
    if (place) holdStill(before, place);
  };
})();
