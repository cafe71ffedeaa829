// Small helpers of every page: forms that cannot be sent twice, steppers, the dialog, toasts, keys, focus after a swap.
// No library is needed; htmx is used where a page loads it. Everything works without this file, only less comfortably.
(function () {
  "use strict";
  const TOAST_STAYS_MS = 10000;
  const UNDO_STAYS_MINUTES = 5;
  const byId = (id) => document.getElementById(id);
  const typing = (node) => Boolean(node && node.closest && node.closest("input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select, [contenteditable]"));

  // --- Sending once -------------------------------------------------------------------------------------------
  // A second click while the answer is on its way is ignored; the button stays focusable and says that it is busy.
  function setBusy(form, busy) {
    form.toggleAttribute("data-busy", busy);
    for (const button of form.querySelectorAll("button:not([type=button]), input[type=submit]")) {
      if (busy) button.setAttribute("aria-busy", "true"); else button.removeAttribute("aria-busy");
    }
  }
  // htmx would keep the second press for later and send it once the first is answered, without the button that was meant.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("#dialog-frame form[data-busy]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "get" || form.method === "dialog" || form.hasAttribute("hx-post")) return;
    if (form.hasAttribute("data-busy")) { event.preventDefault(); return; }
    setBusy(form, true);
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.target.closest("form");
    if (!form || event.detail.requestConfig.verb === "get") return;
    if (form === event.target && form.hasAttribute("data-busy")) { event.preventDefault(); return; }
    if (form === event.target) setBusy(form, true);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt;
    // What its answer closed stays busy until it is gone.
    const isClosed = dialog && !dialog.open && dialog.contains(form);
    if (form.matches("form") && !isClosed) setBusy(form, false);
  });
  // htmx 2.0.10 pushes the address of a boosted link although hx-push-url="false" stands above it (htmx issue 3966): the
  // page under a dialog keeps its own, so that a reload shows it again.
  document.addEventListener("htmx:beforeHistoryUpdate", (event) => {
    const said = event.detail.requestConfig.elt.closest("[hx-push-url]");
    if (said && said.getAttribute("hx-push-url") === "false") Object.assign(event.detail.history, { type: "replace", path: location.href });
  });
  // Going back to a form that was refused must not send it again.
  if (document.querySelector("[data-forget-post]")) history.replaceState(null, "", location.href);
  // A page that comes back from the browser's memory must not stay busy.
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-busy]").forEach((form) => setBusy(form, false)));

  // --- Steppers -----------------------------------------------------------------------------------------------
  function step(input, direction) {
    const size = Number(input.dataset.step || input.step) || 1;
    const decimals = (String(size).split(".")[1] || "").length;
    const low = input.min === "" ? -Infinity : Number(input.min);
    const high = input.max === "" ? Infinity : Number(input.max);
    const now = Number(String(input.value).replace(",", ".")) || 0;
    input.value = Math.min(high, Math.max(low, now + direction * size)).toFixed(decimals);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-step-by]");
    if (!button) return;
    const input = button.closest(".stepper").querySelector("input");
    step(input, Number(button.dataset.stepBy));
  });
  document.addEventListener("keydown", (event) => {
    const input = event.target.closest && event.target.closest(".stepper input:not([type=number])");
    if (!input || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    step(input, event.key === "ArrowUp" ? 1 : -1);
  });

  // --- The dialog ---------------------------------------------------------------------------------------------
  // A link or button with hx-get and hx-target="#dialog-frame" opens it; HX-Trigger "dialog:close" or an empty
  // answer closes it. The first child may carry data-dialog="sm" or "sheet".
  const dialog = byId("dialog");
  let opener = null;
  let typed = false;
  let warned = false;
  let openings = 0;
  const askedIn = new WeakMap();

  function focusStart() {
    const start = dialog.querySelector("[autofocus]") || dialog.querySelector(".error-summary") || dialog.querySelector("input:not([type=hidden]), select, textarea, .dialog-foot button");
    if (start) start.focus();
  }
  function openDialog() {
    const first = dialog.querySelector("[data-dialog]");
    const shape = first ? first.dataset.dialog : "";
    dialog.classList.toggle("dialog-sm", shape === "sm");
    dialog.classList.toggle("sheet", shape === "sheet");
    if (dialog.open) return;
    typed = warned = false;
    openings += 1;
    dialog.showModal();
    focusStart();
  }
  function closeDialog() {
    if (dialog && dialog.open) dialog.close();
  }
  if (dialog) {
    // What a dialog had asked for before it was closed does not open it again; only a refusal does.
    document.addEventListener("htmx:beforeRequest", (event) => {
      if (dialog.open && dialog.contains(event.detail.elt)) askedIn.set(event.detail.xhr, openings);
    });
    document.addEventListener("htmx:beforeSwap", (event) => {
      const { target, xhr } = event.detail;
      if (!target || target.id !== "dialog-frame" || xhr.status !== 200 || !askedIn.has(xhr)) return;
      if (!dialog.open || askedIn.get(xhr) !== openings) event.detail.shouldSwap = false;
    });
    document.addEventListener("htmx:beforeRequest", (event) => {
      const target = event.detail.target;
      if (!target || target.id !== "dialog-frame" || dialog.open) return;
      opener = document.activeElement === document.body ? event.detail.elt : document.activeElement;
      if (event.detail.requestConfig.verb === "get") held = [];
    });
    document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.target && event.detail.target.id === "dialog-frame") held = null; });
    document.addEventListener("htmx:afterSwap", (event) => {
      const target = event.detail.target;
      if (!target || target.id !== "dialog-frame") return;
      if (target.childElementCount) openDialog(); else closeDialog();
      release();
    });
    for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout", "htmx:sendAbort", "htmx:swapError"]) document.addEventListener(name, () => { held = null; });
    document.addEventListener("dialog:close", closeDialog);
    // What stands in a search is no loss, once it is emptied.
    dialog.addEventListener("input", (event) => { if (event.target.type !== "search") typed = true; });
    const searched = () => [...dialog.querySelectorAll("input[type=search]")].some((field) => field.value.trim() !== field.defaultValue.trim());
    dialog.addEventListener("cancel", (event) => {
      const form = dialog.querySelector("form");
      if (!(typed || searched()) || warned || !form) return;
      event.preventDefault();
      warned = true;
      say("Not saved yet. Press Esc again to close and lose what you typed.");
    });
    dialog.addEventListener("close", () => {
      byId("dialog-frame").replaceChildren();
      if (opener && opener.isConnected) opener.focus({ preventScroll: true });
      opener = null;
    });
    document.addEventListener("click", (event) => {
      if (event.target.closest("[data-dialog-close]")) { event.preventDefault(); closeDialog(); }
    });
  }

  // From the key that asks for a dialog until the dialog is there, keys wait: they are meant for it, not for what has
  // the focus on the page. Letters go into the field that the dialog begins with; others are dropped.
  let held = null;
  function release() {
    const keys = held || [];
    held = null;
    const field = document.activeElement;
    if (!keys.length || !dialog.open || !field.matches("input[type=search], input[type=text], input:not([type]), textarea")) return;
    field.value += keys.join("");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  window.addEventListener("keydown", (event) => {
    if (!held || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.key === "Escape") { held = null; if (window.htmx) window.htmx.trigger(document.body, "htmx:abort"); }
    else if (event.key === "Backspace") held.pop();
    else if (event.key.length === 1 && !event.isComposing) held.push(event.key);
  }, true);

  // --- Toasts -------------------------------------------------------------------------------------------------
  // An open modal dialog covers the page, so the toasts move into it while it is open.
  function toastHost() {
    const host = byId("toasts");
    if (!host) return null;
    const home = dialog && dialog.open ? dialog : document.body;
    if (host.parentElement !== home) home.append(host);
    return host;
  }
  if (dialog) dialog.addEventListener("close", toastHost);

  function startTimer(toast) {
    let left = TOAST_STAYS_MS;
    let since = 0;
    let timer = 0;
    const run = () => { since = Date.now(); timer = setTimeout(() => toast.remove(), left); };
    const pause = () => { clearTimeout(timer); left = Math.max(1000, left - (Date.now() - since)); };
    toast.addEventListener("pointerenter", pause);
    toast.addEventListener("pointerleave", run);
    toast.addEventListener("focusin", pause);
    toast.addEventListener("focusout", run);
    run();
  }
  function say(text, options) {
    const host = toastHost();
    const template = byId("toast-template");
    if (!host || !template || !text) return;
    const toast = template.content.firstElementChild.cloneNode(true);
    toast.querySelector("[data-toast-text]").textContent = text;
    const undo = toast.querySelector("[data-toast-undo]");
    if (options && options.undo) { undo.action = options.undo; remember(undo, options.undo_minutes); } else undo.remove();
    if (options && (options.level === "error" || options.level === "warning")) toast.classList.add("toast-" + options.level);
    const more = toast.querySelector("[data-toast-more]");
    if (options && options.more) {
      more.hidden = false;
      more.href = options.more.url;
      more.setAttribute("hx-get", options.more.url);
      more.textContent = options.more.words;
    } else more.remove();
    host.append(toast);
    if (window.htmx) window.htmx.process(toast);
    startTimer(toast);
  }
  // Z takes back the last change of this page as long as its notice waits, even when its toast is gone.
  let lastUndo = null;
  function remember(form, minutes) {
    document.querySelectorAll("[data-toast-undo] [data-key=z]").forEach((button) => {
      button.removeAttribute("data-key");
      button.querySelectorAll("kbd").forEach((key) => key.remove());
    });
    lastUndo = { form, until: Date.now() + (minutes || UNDO_STAYS_MINUTES) * 60000 };
  }
  function undoLast() {
    const last = lastUndo;
    lastUndo = null;
    if (!last || Date.now() > last.until) { say("Nothing to undo."); return; }
    if (!last.form.isConnected) { last.form.hidden = true; toastHost().append(last.form); }
    last.form.requestSubmit();
  }
  // On a page that refreshes itself nobody loses their place: the answer comes as a toast.
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-toast-undo]");
    if (!form) return;
    if (lastUndo && lastUndo.form === form) lastUndo = null;
    if (!window.htmx || !document.querySelector('[hx-trigger*="day:refresh"]')) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const address = form.getAttribute("action");
    (form.closest("[data-toast]") || form).remove();
    window.htmx.ajax("POST", address, { source: document.body, swap: "none" });
  }, true);
  const shown = [...document.querySelectorAll("#toasts [data-toast-undo]")];
  shown.forEach((form) => remember(form));
  if (shown.length) lastUndo.form.querySelector("button").dataset.key = "z";
  document.querySelectorAll("#toasts [data-toast]").forEach(startTimer);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-toast-close]");
    if (button) button.closest("[data-toast]").remove();
  });
  document.addEventListener("toast", (event) => {
    const detail = event.detail || {};
    say(typeof detail.value === "string" ? detail.value : detail.text, detail);
  });
  window.addEventListener("legwork:say", (event) => say(event.detail));

  // Numbers of the bar that come with the alerts in the background; nought shows nothing.
  document.addEventListener("counts", (event) => {
    Object.entries(event.detail || {}).forEach(([id, number]) => {
      const place = typeof number === "number" && byId(id);
      if (place) place.textContent = number || "";
    });
  });

  // A question that is open on the page is not taken away by a refresh: that waits, once, for the next round.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isBackground(event)) return;
    const asked = event.target.querySelector("[data-holds-refresh][open]:not([data-held])");
    if (!asked) return;
    asked.setAttribute("data-held", "");
    event.preventDefault();
  });

  // htmx hands `hx-headers` down whatever hx-disinherit says: what somebody presses in a part that refreshes itself is no
  // refresh. It keeps its session alive, and an answer that fails is said.
  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.detail.elt.hasAttribute("data-background")) delete event.detail.headers["X-Background"];
  });

  // Alerts that were unfolded stay so when they are asked for again.
  let alertsOpen = false;
  document.addEventListener("toggle", (event) => { if (event.target.matches(".alert-more")) alertsOpen = event.target.open; }, true);
  document.addEventListener("htmx:afterSwap", (event) => {
    const folded = alertsOpen && event.target.matches(".page-alerts") && event.target.querySelector(".alert-more");
    if (folded) folded.open = true;
  });

  // --- When the server does not answer ------------------------------------------------------------------------
  // A refresh in the background fails in silence: nobody asked for it, and the next one comes.
  const isBackground = (event) => "X-Background" in (event.detail.requestConfig?.headers || {});
  document.addEventListener("htmx:sendError", (event) => isBackground(event) || say("No connection. Nothing was saved; what you typed is still here. Try again.", { level: "error" }));
  document.addEventListener("htmx:timeout", (event) => isBackground(event) || say("No answer yet. What you typed is still here. Try again.", { level: "error" }));
  // The alerts are the exception: what they do not say reads as "nothing waits". The next answer takes the line away.
  let alertsUnanswered = 0;
  document.addEventListener("htmx:afterRequest", (event) => {
    const place = event.detail.elt;
    if (!place.matches(".page-alerts")) return;
    alertsUnanswered = event.detail.successful ? 0 : alertsUnanswered + 1;
    const words = alertsUnanswered === 2 && byId("alerts-unanswered");
    if (words && !place.querySelector("[data-unanswered]")) place.prepend(words.content.cloneNode(true));
  });
  document.addEventListener("htmx:responseError", (event) => {
    const code = event.detail.xhr.status;
    if (isBackground(event) || code === 401) return; // signed out: session_end.js
    const words = {
      403: "You may not do this. Load the page again if you signed in as somebody else.",
      404: "This is no longer here. Load the page again.",
      409: "Somebody changed this meanwhile. Load the page again to see it.",
      429: "Too many tries. Wait a minute, then try again.",
    };
    say(words[code] || "That did not work. What you typed is still here. Try again.", { level: "error" });
  });

  // --- Keys ---------------------------------------------------------------------------------------------------
  // data-search takes "/", "?" shows the keys; data-key="b" is clicked by B, data-key-too gives it a second one. Inside
  // [data-key-scope] (a board block that has the focus, the open dialog) a key is looked for there first.
  function keyTarget(key) {
    const scope = document.activeElement && document.activeElement.closest("[data-key-scope]");
    const wanted = `[data-key="${CSS.escape(key)}"], [data-key-too="${CSS.escape(key)}"]`;
    const inScope = scope && scope.querySelector(wanted);
    if (inScope) return inScope;
    const root = dialog && dialog.open ? dialog : document;
    const found = [...root.querySelectorAll(wanted)].filter((node) => node.checkVisibility && node.checkVisibility());
    return found.filter((node) => !node.closest("[data-key-scope]")).pop() || null;
  }
  // The page's list of keys stands in a template and is shown in the dialog.
  function showKeys() {
    const help = byId("keys-help");
    if (!help || !dialog || dialog.open) return false;
    opener = document.activeElement;
    byId("dialog-frame").replaceChildren(help.content.cloneNode(true));
    openDialog();
    return true;
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys]")) showKeys();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    if (event.key === "/") {
      const field = document.querySelector("[data-search]");
      if (field && !(dialog && dialog.open)) { event.preventDefault(); field.focus(); field.select(); }
      return;
    }
    if (event.key === "?" && showKeys()) { event.preventDefault(); return; }
    // Left and right go to the day beside, as long as nothing has the focus that needs them itself.
    const beside = dialog && !dialog.open && document.querySelector(`[data-day-key="${event.key}"]`);
    if (beside && !event.shiftKey && document.activeElement.matches("body, main, [data-focus-id^=day-]")) { event.preventDefault(); beside.click(); return; }
    if (event.key.length !== 1 || event.repeat) return;
    const target = keyTarget(event.key.toLowerCase());
    if (target) {
      event.preventDefault();
      target.click();
      // Enter then does what the button says, wherever the focus was.
      if (target.matches("input[type=radio]")) target.focus();
    } else if (event.key.toLowerCase() === "z" && window.htmx && !(dialog && dialog.open)) { event.preventDefault(); undoLast(); }
  });

  // Arrows move between the marked items of a board: up and down inside a column, left and right to the nearest of the
  // next column. A board with rows goes on in the row below or above.
  document.addEventListener("keydown", (event) => {
    const item = event.target.closest && event.target.closest("[data-arrow-item]");
    const board = item && item.closest("[data-arrows]");
    const way = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (!board || !way) return;
    const itemsOf = (column) => [...column.querySelectorAll("[data-arrow-item]")].filter((node) => node.checkVisibility());
    const row = item.closest("[data-arrow-row]") || board;
    const columns = [...row.querySelectorAll("[data-arrow-column]")].map(itemsOf);
    const at = columns.findIndex((items) => items.includes(item));
    if (at < 0) return;
    event.preventDefault();
    const middle = (node) => { const box = node.getBoundingClientRect(); return box.top + box.height / 2; };
    let next;
    if (way[1]) {
      next = columns[at][columns[at].indexOf(item) + way[1]];
      const rows = next ? [] : [...board.querySelectorAll("[data-arrow-row]")];
      for (let place = rows.indexOf(row) + way[1]; !next && rows[place]; place += way[1]) next = itemsOf(rows[place].querySelectorAll("[data-arrow-column]")[at]).at(way[1] > 0 ? 0 : -1);
    } else {
      const beside = way[0] > 0 ? columns.slice(at + 1) : columns.slice(0, at).reverse();
      const column = beside.find((items) => items.length);
      next = column && column.reduce((best, node) => (Math.abs(middle(node) - middle(item)) < Math.abs(middle(best) - middle(item)) ? node : best));
    }
    if (next) next.focus();
  });

  // --- Focus after a swap -------------------------------------------------------------------------------------
  // htmx keeps the focus of fields that have an id. Here: a swapped form with errors puts the focus on its
  // summary; a link or button that vanished gives it to its replacement with the same data-focus-id.
  let focusId = null;
  document.addEventListener("htmx:beforeSwap", () => {
    const holder = document.activeElement && document.activeElement.closest("[data-focus-id]");
    focusId = holder ? holder.dataset.focusId : null;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const area = event.detail.elt || event.target;
    const wrongChoice = area.querySelector && area.querySelector("[data-focus-wrong] [type=radio][aria-invalid=true], [data-focus-wrong] [type=radio].is-invalid");
    if (wrongChoice) { wrongChoice.focus(); return; }
    const summary = area.querySelector && area.querySelector(".error-summary");
    if (summary) { summary.focus(); return; }
    if (focusId && (document.activeElement === document.body || !document.activeElement)) {
      // What is gone gives the focus to its board, so that the keys of a person at work still start from there.
      const next = document.querySelector(`[data-focus-id="${CSS.escape(focusId)}"]`) || document.querySelector("[data-arrows]");
      if (next) next.focus({ preventScroll: true });
    }
    focusId = null;
    // A link of the dialog that opened the next one is gone: the keys go on from the next one's first control.
    const lost = document.activeElement === document.body || document.activeElement === dialog;
    if (dialog && dialog.open && lost && event.detail.target && event.detail.target.id === "dialog-frame") focusStart();
  });
  const wrong = document.querySelector(".error-summary") || document.querySelector("main [aria-invalid=true]");
  if (wrong) wrong.focus();

  // --- The walk clock -----------------------------------------------------------------------------------------
  // Counts on from the server's elapsed time, so that a wrong clock of the tablet does no harm. Speaks once.
  function startClock(clock) {
    if (clock.dataset.running) return;
    clock.dataset.running = "1";
    const began = performance.now() - Number(clock.dataset.elapsed) * 1000;
    const whole = Number(clock.dataset.minutes) * 60;
    let isDone = Number(clock.dataset.elapsed) >= whole;
    const timer = setInterval(() => {
      if (!clock.isConnected) { clearInterval(timer); return; }
      const seconds = Math.floor((performance.now() - began) / 1000);
      clock.querySelector("[data-clock-text]").textContent = String(Math.floor(seconds / 60)).padStart(2, "0") + ":" + String(seconds % 60).padStart(2, "0");
      clock.querySelector("[data-clock-ring]").setAttribute("stroke-dasharray", Math.min(100, Math.round(100 * seconds / whole)) + " 100");
      if (!isDone && seconds >= whole) { isDone = true; clock.classList.add("clock-done"); say(clock.dataset.done); }
    }, 1000);
  }
  const startClocks = () => document.querySelectorAll("[data-clock]").forEach(startClock);
  startClocks();
  document.addEventListener("htmx:afterSettle", startClocks);

  // --- A waiting button says what is missing instead of doing nothing -------------------------------------------
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[aria-disabled=true], a[aria-disabled=true]");
    if (!button) return;
    event.preventDefault();
    event.stopPropagation();
    const list = button.getAttribute("aria-describedby") && byId(button.getAttribute("aria-describedby").split(" ")[0]);
    if (list) { list.scrollIntoView({ block: "center" }); const first = list.matches("a") ? list : list.querySelector("a, button"); if (first) first.focus(); }
  }, true);

  // Touch targets that change fields outside the form's own submit (segmented radio, tick) can post on change.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-send-on-change]");
    if (form) form.requestSubmit();
  });
})();
