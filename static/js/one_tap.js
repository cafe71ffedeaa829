// One tap instead of typing: a chip fills its field, "Now" stamps the time. On pages and in their dialogs.
(function () {
  "use strict";
  function fill(field, value) {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-fill]");
    if (chip) fill(document.getElementById(chip.dataset.fill), chip.value);
  });

  // The clinic's wall clock, counted on from the server's: a wrong clock of the tablet does no harm.
  const began = performance.now();
  function wallClock(form) {
    const start = form.dataset.wall.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
    const seconds = (start + Math.floor((performance.now() - began) / 1000)) % 86400;
    return `${String(Math.floor(seconds / 3600)).padStart(2, "0")}:${String(Math.floor(seconds / 60) % 60).padStart(2, "0")}`;
  }
  document.addEventListener("click", (event) => {
    const now = event.target.closest("[data-now]");
    if (!now) return;
    event.preventDefault();
    const wall = wallClock(now.form);
    const ended = now.form.elements.ended_at;
    if (now.value === "walk" && !ended.value) fill(ended, wall);
    fill(now.form.elements[now.dataset.now], wall);
  });
})();
