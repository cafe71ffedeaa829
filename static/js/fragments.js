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
      if (field.type === "checkbox") field.checked = live.checked; else field.value = live.value;
    }
    // What is open stays open; when that one is gone, what the server opens is the next to answer.
    const drawers = [...old.querySelectorAll("details[id]")].filter((each) => fresh.querySelector("#" + CSS.escape(each.id)));
    const keepOpen = (each) => { fresh.querySelector("#" + CSS.escape(each.id)).open = each.open; };
    const [oneOf, others] = [drawers.filter((each) => each.name), drawers.filter((each) => !each.name)];
    others.forEach(keepOpen);
    if (oneOf.some((each) => each.open)) oneOf.forEach(keepOpen);
    // Of drawers with one name only one is open: the old one must not close the new one as it comes in.
    old.querySelectorAll("details[name]").forEach((each) => { each.open = false; });
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

  window.takeFragments = (text) => {
    window.htmx.swap(form, text, { swapStyle: "none", swapDelay: 0, settleDelay: 0 });
    showErrors();
  };
})();
