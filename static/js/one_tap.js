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

  // The clinic's wall clock, counted on from the server's. A wrong clock of the tablet does no harm: only how long ago the
  // server was heard is taken from it. The browser's own count stands still while the tablet sleeps, so it serves only
  // where the tablet's clock was set anew meanwhile, back or by more than a visit takes.
  const DAY = 86400;
  const LONGEST_SLEEP = 8 * 3600;
  const LATE = 15;              // an answer may take that long on its way: what it says is that much too early at most
  const secondsOf = (wall) => wall.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  let heard = null;
  function hear(seconds) {
    heard = { seconds, date: Date.now(), awake: performance.now() };
  }
  function wallNow() {
    const byDate = (Date.now() - heard.date) / 1000;
    const awake = (performance.now() - heard.awake) / 1000;
    const slept = byDate - awake;
    const passed = slept > -1 && slept < LONGEST_SLEEP ? Math.max(byDate, awake) : awake;
    return (heard.seconds + passed) % DAY;
  }
  const first = document.querySelector("[data-wall]");
  if (first) hear(secondsOf(first.dataset.wall));
  // Each answer of the server that brings its time sets the clock, unless it is earlier by no more than it was on its way.
  window.clinicClock = {
    heard(wall) {
      if (!wall || !heard) return;
      const seconds = secondsOf(wall);
      const later = ((seconds - wallNow() + 1.5 * DAY) % DAY) - DAY / 2;
      if (later > 0 || later < -LATE) hear(seconds);
    },
  };
  function wallClock() {
    const seconds = Math.floor(wallNow());
    return `${String(Math.floor(seconds / 3600)).padStart(2, "0")}:${String(Math.floor(seconds / 60) % 60).padStart(2, "0")}`;
  }
  document.addEventListener("click", (event) => {
    const now = event.target.closest("[data-now]");
    if (!now) return;
    event.preventDefault();
    const wall = wallClock();
    const ended = now.form.elements.ended_at;
    if (now.value === "walk" && !ended.value) fill(ended, wall);
    fill(now.form.elements[now.dataset.now], wall);
  });
})();
