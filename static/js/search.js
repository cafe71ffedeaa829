// Suggestions under a search field: arrows move through them, Enter on one opens it, Esc closes them.
// [data-suggest] holds the field and the list; the list itself is filled by htmx. Without this file they are plain links.
(function () {
  "use strict";
  function parts(node) {
    const box = node.closest && node.closest("[data-suggest]");
    if (!box) return null;
    return { box, field: box.querySelector("input[type=search]"), links: [...box.querySelectorAll("[data-suggestion]")] };
  }
  document.addEventListener("keydown", (event) => {
    const at = parts(event.target);
    if (!at) return;
    if (event.key === "Escape") {
      const list = at.box.querySelector("[data-suggestions]");
      if (!list || !list.childElementCount) return;
      // The dialog around it must stay open, and a browser would empty the field.
      event.preventDefault();
      event.stopPropagation();
      list.replaceChildren();
      at.field.focus();
      return;
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const here = at.links.indexOf(event.target);
    if (here < 0 && event.target !== at.field) return;
    const next = here + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    if (next < 0) at.field.focus(); else if (at.links[next]) at.links[next].focus();
  }, true);
  // Who types again after choosing a suggestion's neighbour means the field.
  document.addEventListener("keydown", (event) => {
    const at = event.target.matches && event.target.matches("[data-suggestion]") && parts(event.target);
    if (at && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) at.field.focus();
  });
})();
