// The boards of the front desk: a visit is carried to another place by mouse or by keys, and a refresh disturbs nobody.
// Both ways end in the dialog that moves a visit, with the new time filled in; nothing changes before it is confirmed
// there. A visit cannot be made longer or shorter. Without this file a visit is moved from its own dialog.
(function () {
  "use strict";
  const HOUR = 60;
  const DRAGS_FROM_PX = 6;
  const EDGE_PX = 56;
  const CARRY_HELP = "Arrows carry the visit, Enter asks for the time, Esc puts it back.";
  const say = (text) => window.dispatchEvent(new CustomEvent("legwork:say", { detail: text }));
  const theBoard = () => document.querySelector("[data-board]");
  const clock = (minute) => `${String(Math.floor(minute / HOUR)).padStart(2, "0")}:${String(minute % HOUR).padStart(2, "0")}`;

  // What a screen reader hears while a visit is carried.
  const spoken = document.createElement("div");
  spoken.className = "visually-hidden";
  spoken.setAttribute("aria-live", "assertive");
  document.body.append(spoken);

  // --- Where a lane's minutes are -----------------------------------------------------------------------------
  const isCell = (lane) => lane.hasAttribute("data-cell");
  const hoursOf = (board) => board.querySelectorAll(".hours > time:not(.now-time)").length;
  function scaleOf(lane) {
    const box = lane.getBoundingClientRect();
    const padding = parseFloat(getComputedStyle(lane).paddingTop);
    return { top: box.top + padding, pxPerMinute: (box.height - 2 * padding) / (hoursOf(theBoard()) * HOUR) };
  }
  // The instant of a wall-clock minute of the lane's date, as the server writes it: in UTC.
  function instantOf(lane, minute) {
    const offsets = lane.dataset.offsets.split(" ");
    const hour = Math.floor((minute - Number(theBoard().dataset.first || 0)) / HOUR);
    const offset = offsets[Math.min(offsets.length - 1, Math.max(0, hour))];
    return new Date(`${lane.dataset.lane}T${clock(minute)}:00${offset}`).toISOString().replace(".000Z", "+00:00");
  }

  // --- Carrying -----------------------------------------------------------------------------------------------
  let carried = null;

  function pickUp(visit) {
    const lane = visit.closest("[data-lane]");
    carried = { visit, lane, from: lane, minute: Number(visit.dataset.at), minutes: Number(visit.dataset.minutes), marker: document.createElement("div") };
    carried.marker.setAttribute("aria-hidden", "true");
    visit.classList.add("is-carried");
    document.documentElement.classList.add("is-carrying");
    show();
  }
  function putDown() {
    if (!carried) return;
    carried.marker.remove();
    carried.visit.classList.remove("is-carried");
    document.documentElement.classList.remove("is-carrying");
    document.querySelectorAll(".drop-here").forEach((node) => node.classList.remove("drop-here"));
    carried = null;
  }
  function meets(lane, marker) {
    const wanted = marker.getBoundingClientRect();
    const own = carried.visit.closest(".visit-cell");
    return [...lane.querySelectorAll(".appt, .obs, .buffer, .other, .pause, .closed")].some((node) => {
      const box = node.getBoundingClientRect();
      return !(own && own.contains(node)) && box.top < wanted.bottom - 2 && box.bottom > wanted.top + 2;
    });
  }
  function show() {
    const { lane, marker, minute, minutes } = carried;
    if (isCell(lane)) {
      document.querySelectorAll(".drop-here").forEach((node) => node.classList.remove("drop-here"));
      lane.classList.add("drop-here");
      marker.className = "drop-line";
      marker.textContent = clock(minute);
    } else {
      const first = Number(theBoard().dataset.first);
      const row = Math.floor((minute - first) / 5) * 5;
      marker.className = `drop at-${row} for-${Math.ceil(minutes / 5) * 5}`;
      marker.textContent = `${clock(minute)} to ${clock(minute + minutes)}`;
    }
    if (marker.parentElement !== lane) lane.append(marker);
    const taken = !isCell(lane) && meets(lane, marker);
    marker.classList.toggle("drop-taken", taken);
    const head = lane.getAttribute("aria-label") || lane.closest("tr")?.querySelector("th")?.innerText || "";
    spoken.textContent = `${clock(minute)}, ${head.trim()}, ${lane.dataset.lane}${taken ? ", taken" : ""}`;
  }
  function carryTo(lane, minute) {
    const board = theBoard();
    const grid = Number(board.dataset.grid) || 15;
    let at = Math.round(minute / grid) * grid;
    if (isCell(lane)) at = Number(carried.visit.dataset.at);
    else {
      const first = Number(board.dataset.first);
      at = Math.max(Math.ceil(first / grid) * grid, Math.min(at, Math.floor((first + hoursOf(board) * HOUR - carried.minutes) / grid) * grid));
    }
    if (lane === carried.lane && at === carried.minute) return;
    carried.lane = lane;
    carried.minute = at;
    show();
  }
  // Opens the dialog that moves the visit, with this time; where nothing would change it only puts the visit back.
  function letGo() {
    const { visit, lane, from, minute } = carried;
    const stays = lane === from && minute === Number(visit.dataset.at);
    const asked = new URLSearchParams({ slot: `${instantOf(lane, minute)}|${lane.dataset.nurse || visit.dataset.visit}` });
    if (lane.dataset.room) asked.set("room", lane.dataset.room);
    putDown();
    visit.focus({ preventScroll: true });
    if (!stays) window.htmx.ajax("GET", `${visit.getAttribute("href")}move/?${asked}`, { source: visit, target: "#dialog-frame", swap: "innerHTML" });
  }

  // --- By mouse or pen; a finger scrolls, and moves by the visit's dialog ---------------------------------------
  let press = null;
  document.addEventListener("pointerdown", (event) => {
    const visit = event.target.closest && event.target.closest("a[data-visit]");
    if (!visit || event.button !== 0 || event.pointerType === "touch") return;
    press = { visit, x: event.clientX, y: event.clientY, grip: event.clientY - visit.getBoundingClientRect().top };
  });
  function laneAt(x, y) {
    const lanes = [...theBoard().querySelectorAll("[data-lane]")];
    return lanes.find((lane) => {
      const box = lane.getBoundingClientRect();
      return x >= box.left && x < box.right && (!isCell(lane) || (y >= box.top && y < box.bottom));
    });
  }
  function scrollAtEdge(x, y) {
    const board = theBoard();
    const scrolls = board.scrollHeight > board.clientHeight + 1 && getComputedStyle(board).overflowY !== "visible";
    const frame = scrolls ? board : window;
    const box = scrolls ? board.getBoundingClientRect() : { top: 0, bottom: window.innerHeight };
    const down = y > Math.min(box.bottom, window.innerHeight) - EDGE_PX ? 14 : y < Math.max(box.top, 0) + EDGE_PX * 2 ? -14 : 0;
    const right = x > window.innerWidth - EDGE_PX ? 14 : x < EDGE_PX ? -14 : 0;
    if (down) frame.scrollBy(0, down);
    if (right) board.scrollBy(right, 0);
  }
  document.addEventListener("pointermove", (event) => {
    if (!press) return;
    if (!carried) {
      if (Math.hypot(event.clientX - press.x, event.clientY - press.y) < DRAGS_FROM_PX) return;
      pickUp(press.visit);
    }
    event.preventDefault();
    scrollAtEdge(event.clientX, event.clientY);
    const lane = laneAt(event.clientX, event.clientY);
    if (!lane) return;
    const { top, pxPerMinute } = isCell(lane) ? { top: 0, pxPerMinute: 1 } : scaleOf(lane);
    carryTo(lane, Number(theBoard().dataset.first || 0) + (event.clientY - press.grip - top) / pxPerMinute);
  });
  document.addEventListener("pointerup", (event) => {
    const dragged = press && carried;
    press = null;
    if (!dragged) return;
    // The click that follows would open the visit.
    const swallow = (click) => { click.preventDefault(); click.stopImmediatePropagation(); };
    document.addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => document.removeEventListener("click", swallow, { capture: true }), 0);
    if (laneAt(event.clientX, event.clientY)) letGo(); else putDown();
  });
  document.addEventListener("pointercancel", () => { press = null; putDown(); });
  document.addEventListener("dragstart", (event) => { if (event.target.closest && event.target.closest("a[data-visit]")) event.preventDefault(); });

  // --- By keys ------------------------------------------------------------------------------------------------
  const WAYS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  function carryBy([across, down]) {
    const board = theBoard();
    const lanes = [...board.querySelectorAll("[data-lane]")];
    const perRow = isCell(carried.lane) ? carried.lane.parentElement.querySelectorAll("[data-lane]").length : lanes.length;
    const at = lanes.indexOf(carried.lane);
    const beside = at + across;
    if (across && Math.floor(beside / perRow) === Math.floor(at / perRow) && lanes[beside]) carryTo(lanes[beside], carried.minute);
    if (down && isCell(carried.lane) && lanes[at + down * perRow]) carryTo(lanes[at + down * perRow], carried.minute);
    if (down && !isCell(carried.lane)) carryTo(carried.lane, carried.minute + down * (Number(board.dataset.grid) || 15));
    if (carried.marker.scrollIntoView) carried.marker.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  document.addEventListener("keydown", (event) => {
    if (carried) {
      const way = WAYS[event.key];
      if (!way && ![" ", "Enter", "Escape", "Tab"].includes(event.key)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (event.key === "Escape" || event.key === "Tab") { press = null; putDown(); spoken.textContent = "Put back."; }
      else if (press) return;
      else if (way) carryBy(way);
      else letGo();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const visit = event.target.closest && event.target.closest("[data-board] a[data-focus-id^='v-']");
    if (!visit) return;
    const open = (step) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      window.htmx.ajax("GET", `${visit.getAttribute("href")}${step}/`, { source: visit, target: "#dialog-frame", swap: "innerHTML" });
    };
    if (event.key === " " && visit.hasAttribute("data-visit")) {
      event.preventDefault();
      pickUp(visit);
      say(CARRY_HELP);
    } else if (event.key.toLowerCase() === "m" && visit.hasAttribute("data-visit")) open("move");
    else if (event.key.toLowerCase() === "x" && visit.hasAttribute("data-cancel")) open("cancel");
  }, true);

  // A key that cannot act now says why; what acts is found by ui.js, which comes first.
  const WHY_NOT = {
    c: "Only a visit that is booked can be checked in.",
    i: "Only a patient who is checked in can be called in.",
    f: "Only a visit in treatment can be done.",
    a: "Only a booked visit whose time has begun can be marked as not come.",
    m: "Only a booked visit can be moved.",
    x: "Only a visit that is booked or checked in can be cancelled.",
  };
  document.addEventListener("keydown", (event) => {
    const why = WHY_NOT[event.key.toLowerCase()];
    if (!why || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (document.querySelector("dialog[open]") || !document.querySelector("[data-focus-id=book]")) return;
    const at = document.activeElement;
    if (at.matches("[data-board] a[data-focus-id^='v-']")) say(why);
    else if (at.matches("body, main, [data-board], [data-board] a")) say("Choose a visit first: the arrow down goes to the one nearest to now.");
  });

  // Up or down from the page itself goes to the visit nearest to now; on a day without a now, to the first.
  const VISIT = "a[data-focus-id^='v-']";
  const visible = (nodes) => [...nodes].filter((node) => node.checkVisibility());
  function nearestVisit(board) {
    const present = board.querySelector(".lane-today, .week-today:is(td)") ? ":is(.lane-today, td.week-today) " : "";
    const all = visible(board.querySelectorAll(VISIT));
    const today = visible(board.querySelectorAll(present + VISIT));
    const ahead = visible(board.querySelectorAll(`.week-now ~ .week-line ${VISIT}`));
    const line = board.querySelector(".now-time");
    const [hours, minutes] = line ? line.textContent.split(":").map(Number) : [0, 0];
    const far = (visit) => Math.abs(Number(visit.dataset.at) - (hours * HOUR + minutes));
    const choice = [ahead, today, all].find((visits) => visits.length) || visible(board.querySelectorAll("[data-arrow-item]"));
    return choice.reduce((best, visit) => (best && far(best) <= far(visit) ? best : visit), null);
  }
  document.addEventListener("keydown", (event) => {
    const board = theBoard();
    if ((event.key !== "ArrowUp" && event.key !== "ArrowDown") || event.defaultPrevented || !board || document.querySelector("dialog[open]")) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (!document.activeElement.matches("body, main, [data-board], [data-focus-id^=day-]")) return;
    const visit = nearestVisit(board);
    if (!visit) return;
    event.preventDefault();
    visit.focus();
  });

  // --- Refreshing without disturbing ----------------------------------------------------------------------------
  // A refresh that nobody asked for waits while somebody carries a visit or types into the board's own fields. (While the
  // page is hidden or a dialog is open: front_desk.js.)
  const isTyping = () => Boolean(document.activeElement && document.activeElement.closest("#day input, #day select"));
  document.addEventListener("htmx:beforeRequest", (event) => {
    const asked = event.target.matches && event.target.matches("[data-poll]");
    if (asked && (carried || press || isTyping())) event.preventDefault();
  });
  // The board of today is as high as the screen has room for below its head, and scrolls in itself: the alerts, the date
  // and the button that books stay in sight while it shows the present.
  const LEAST_PX = 320;
  function fit() {
    const board = document.querySelector(".board:has(.now-time)");
    if (!board) return;
    const below = board.getBoundingClientRect().top + window.scrollY;
    const room = Math.max(LEAST_PX, Math.floor(window.innerHeight - below - parseFloat(getComputedStyle(board).fontSize)));
    board.classList.add("board-fits");
    board.style.setProperty("--board-room", `${room}px`);
  }
  window.addEventListener("resize", fit);
  new ResizeObserver(fit).observe(document.body);
  let kept = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!event.detail.target || event.detail.target.id !== "day" || !event.detail.shouldSwap) return;
    const board = theBoard();
    const filter = document.getElementById("board-filter");
    kept = { page: window.scrollY, left: board ? board.scrollLeft : 0, top: board ? board.scrollTop : 0, opened: Boolean(filter && filter.open) };
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (!kept) return;
    fit();
    const board = theBoard();
    if (board) board.scrollTo({ left: kept.left, top: kept.top, behavior: "instant" });
    window.scrollTo({ top: kept.page, behavior: "instant" });
    const filter = document.getElementById("board-filter");
    if (filter && kept.opened) filter.open = true;
    kept = null;
  });
  // Who comes back to the page sees the present at once.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && document.getElementById("day") && !document.querySelector("dialog[open]")) window.htmx.trigger(document.body, "day:refresh");
  });

  // It begins at the present.
  fit();
  const now = document.querySelector(".board .now-time");
  if (now) theBoard().scrollTop = now.offsetTop - theBoard().clientHeight / 3;

  // --- The day on paper -----------------------------------------------------------------------------------------
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
})();
