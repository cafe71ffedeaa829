// The visit page: saves itself and keeps what could not be saved. Without this file a Save button does the same. Saving is
// one POST of the whole form; the answer is fragments (fragments.js). Needs draft_copy.js, one_tap.js, sign_in_again.js,
// visit_rows.js.
(function () {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const form = byId("visit-form");
  const SOON_MS = 300;          // a choice, a step, a number
  const TYPING_MS = 900;        // words: wait for the pause
  const RETRY_MS = [2000, 4000, 8000, 15000, 30000];
  const GIVE_UP_MS = 15000;     // no answer by then counts as no connection
  const MOST_UNANSWERED = 20;
  const NO_CONNECTION = "Not saved: no connection, keep this page open";
  const ASK_MS = 5000;          // how often the page says that it is open, and hears who else wants it
  const copy = window.draftCopy(`${form.dataset.person}.${form.dataset.session}`, form.dataset.copyKey);
  // Nothing promises a copy that this browser does not keep.
  if (!copy.isKept) document.querySelectorAll("[data-copy-words]").forEach((each) => each.remove());
  const SKIPPED = new Set(["csrfmiddlewaretoken", "do", "version", "add_place", "places", "map"]);

  let version = Number(form.dataset.version);
  let saved = picture();        // the form as the server has it
  let timer = 0;
  let running = null;           // the save that is on its way
  let failures = 0;
  let unanswered = [];          // what was sent since the last answer: the server may have it
  let isStuck = false;          // a conflict or a closed session: a person decides first
  let isLocked = !byId("holder").hasAttribute("data-mine"); // a colleague has the draft: to read only

  // --- What the page holds --------------------------------------------------------------------------------------
  function entries() {
    return [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !SKIPPED.has(name));
  }
  function picture() {
    return JSON.stringify(entries());
  }
  const isChanged = () => picture() !== saved;

  // --- A copy in this browser until it is saved (draft_copy.js) ------------------------------------------------------
  function keep() {
    if (!isLocked) copy.keep({ version, at: Date.now(), entries: entries(), stored: JSON.parse(saved) });
  }

  // --- The line that says whether it is saved -------------------------------------------------------------------
  function say(words, icon, isBad) {
    const line = byId("saved");
    if (!line) return;
    line.classList.toggle("saved-bad", Boolean(isBad));
    line.querySelector("span").textContent = words;
    const use = line.querySelector("use");
    if (use) use.setAttribute("href", use.getAttribute("href").replace(/#i-.*/, "#i-" + icon));
    line.setAttribute("role", isBad ? "alert" : "status");
  }

  // --- Saving -----------------------------------------------------------------------------------------------------
  function soon(wait) {
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  }
  const token = () => form.querySelector("[name=csrfmiddlewaretoken]").value;
  async function post(data, isBackground, address = form.action) {
    const headers = { "HX-Request": "true", "X-CSRFToken": token(), "HX-Current-URL": location.href };
    if (isBackground) headers["X-Background"] = "1";
    const tooLate = new AbortController();
    const alarm = setTimeout(() => tooLate.abort(), GIVE_UP_MS);
    try {
      return await fetch(address, { method: "POST", body: data, headers, signal: tooLate.signal, credentials: "same-origin" });
    } finally { clearTimeout(alarm); }
  }
  // One at a time: a change made meanwhile is saved by the next round, on the version that this one brought.
  function save(options) {
    clearTimeout(timer);
    if (isStuck || isLocked) return Promise.resolve(false);
    if (running) return running.then(() => (isChanged() ? save(options) : true));
    const { force = false, isBackground = false } = options || {};
    if (!force && !isChanged()) return Promise.resolve(true);
    running = round(isBackground).finally(() => { running = null; });
    return running.then((done) => (done && isChanged() ? save() : done));
  }
  async function round(isBackground) {
    const sent = picture();
    const data = new FormData(form);
    data.delete("csrfmiddlewaretoken");
    data.delete("do");
    data.set("version", String(version));
    if (!isBackground) { keep(); say("Saving …", "refresh-cw"); }
    let answer;
    let text;
    try {
      answer = await post(data, isBackground);
      text = await answer.text();
    } catch {
      if (unanswered.length < MOST_UNANSWERED && !unanswered.some((each) => each.sent === sent)) unanswered.push({ sent, data });
      return failed(NO_CONNECTION);
    }
    if (isTaken(answer)) return taken(text, sent);
    if (answer.status === 409) {
      try { if (await isOurs()) return true; } catch { return failed(NO_CONNECTION); }
      return conflict(text);
    }
    if (answer.status === 401) { signIn(); return failed("Not saved: you were signed out. Sign in to go on"); }
    if (answer.status === 403) return failed(copy.isKept ? "Not saved: load this page again, what you typed is kept" : "Not saved: write down what you typed, then load this page again");
    return failed(answer.status < 500 ? "Not saved: something on this page is too long" : "Not saved: the server has a problem, keep this page open");
  }
  const isTaken = (answer) => answer.status === 200 || answer.status === 422;
  function taken(text, sent) {
    failures = 0;
    unanswered = [];
    take(text, sent);
    return true;
  }
  // The newer version may be this page's own, saved while its answer was lost: the server takes the same words again when
  // they are what it has, and nothing else. What was typed since is saved by the next round.
  async function isOurs() {
    for (const { sent, data } of unanswered) {
      const answer = await post(data, true);
      const text = await answer.text();
      if (isTaken(answer)) return taken(text, sent);
    }
    unanswered = [];
    return false;
  }
  function failed(words) {
    say(words, "wifi-off", true);
    timer = setTimeout(() => save({ force: true }), RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
    return false;
  }
  function take(text, sent) {
    saved = sent;
    window.takeFragments(text);
    version = Number(byId("saved").dataset.version);
    window.clinicClock.heard(byId("saved").dataset.wall);
    if (isChanged()) keep(); else copy.forget();
  }
  window.addEventListener("online", () => save({ force: true }));
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden" && isChanged()) save(); });
  window.addEventListener("beforeunload", (event) => { if (!isLocked && !isUrgent && (isChanged() || failures)) { keep(); event.preventDefault(); } });

  // --- Signed out while the page was open (sign_in_again.js) ----------------------------------------------------------
  async function signIn() {
    const fresh = await window.signInAgain.ask();
    failures = 0;
    if (fresh) {
      document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => { field.value = fresh; });
      document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": fresh }));
    }
    await save({ force: true });
    present();
  }
  // What htmx asks for itself (a place on the map, a dialog): the same, instead of loading the page anew.
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.xhr.status !== 401) return;
    event.preventDefault();
    if (!window.signInAgain.isOpen()) signIn();
  });

  // --- Who has the draft ----------------------------------------------------------------------------------------------
  async function present() {
    if (document.visibilityState === "hidden") return;
    let answer;
    let text;
    try {
      const data = new FormData();
      // Who reads along takes nothing by having the page open, also while the colleague is on another page.
      if (isLocked && byId("holder").hasAttribute("data-look")) data.set("do", "look");
      answer = await post(data, true, form.dataset.hold);
      text = await answer.text();
    } catch { return; }
    if (answer.status === 401) { if (!window.signInAgain.isOpen()) signIn(); return; }
    if (window.signInAgain.isOpen()) window.signInAgain.done();
    if (answer.status !== 200 || isStuck) return;
    const holder = new DOMParser().parseFromString(text, "text/html").getElementById("holder");
    window.clinicClock.heard(holder.dataset.wall);
    const isMine = holder.hasAttribute("data-mine");
    const isOpen = holder.hasAttribute("data-open");
    if (!isLocked && !isMine) await save();          // what was typed until this moment is hers or his still
    if (isLocked && isMine && isOpen) { location.reload(); return; } // taken in another window, or nobody knew before
    const old = byId("holder");
    const line = holder.textContent.trim();
    if (line !== old.textContent.trim()) {
      old.replaceWith(holder);
      if (!isMine && !isLocked) { holder.setAttribute("role", "alert"); holder.scrollIntoView({ block: "center" }); }
    }
    if (!isMine || !isOpen) lock();
    // Saved elsewhere by this person or after a change of hands: the newest state, if nothing is typed here.
    else if (Number(holder.dataset.version) > version && !isChanged() && !running && !isTyping()) location.reload();
  }
  const isTyping = () => Boolean(document.activeElement && document.activeElement.matches("input[type=text], textarea"));
  function lock() {
    if (isChanged() && !isLocked) { keep(); say(copy.isKept ? "Not saved: it is kept on this tablet for you" : "Not saved: it stands on this page alone, write it down", "history", true); }
    isLocked = true;
    clearTimeout(timer);
    form.querySelectorAll("[data-lock]").forEach((each) => { each.disabled = true; });
  }
  document.addEventListener("click", (event) => {
    if (isLocked && event.target.closest("[data-lock] a[href]:not([data-leave], [data-urgent])")) { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);
  setInterval(present, ASK_MS);
  document.addEventListener("visibilitychange", present);
  window.addEventListener("pagehide", () => {
    if (isLocked) return;
    const data = new FormData();
    data.set("do", "leave");
    fetch(form.dataset.hold, { method: "POST", body: data, keepalive: true, credentials: "same-origin", headers: { "HX-Request": "true", "X-CSRFToken": token(), "X-Background": "1" } }).catch(() => {});
  });

  // --- Somebody else saved, or it is closed -----------------------------------------------------------------------
  function conflict(text) {
    isStuck = true;
    keep();
    const place = byId("conflict");
    place.innerHTML = text;     // our own server's fragment; scripts in it would not run
    window.htmx.process(place);
    say("Not saved: see the top of the page", "users-round", true);
    const box = place.querySelector(".conflict");
    if (box) { box.scrollIntoView({ block: "center" }); box.focus(); }
    return false;
  }
  document.addEventListener("click", (event) => {
    const mine = event.target.closest("[data-keep-mine]");
    if (mine) {
      event.preventDefault();
      version = Number(mine.value);
      isStuck = false;
      byId("conflict").replaceChildren();
      save({ force: true });
    }
    if (event.target.closest("[data-take-theirs]")) { copy.forget(); saved = picture(); failures = 0; }
  });

  // --- What was left unsaved in this browser ------------------------------------------------------------------------
  function put(found) {
    const values = new Map();
    for (const [name, value] of found.entries) values.set(name, [...(values.get(name) || []), value]);
    // A site that a colleague added since stays as it is.
    const isOfAnother = (field) => {
      const row = field.closest("[data-site]");
      return row !== null && !(values.get("site") || []).includes(row.dataset.site);
    };
    for (const field of form.querySelectorAll("input[name], select[name], textarea[name]")) {
      if (SKIPPED.has(field.name) || field.type === "hidden" || isOfAnother(field)) continue;
      const typed = values.get(field.name) || [];
      if (field.type === "checkbox" || field.type === "radio") field.checked = typed.includes(field.value);
      else if (typed.length) field.value = typed[0];
    }
  }
  // What could not be a value when it was typed, such as a time that was still to come, and can be one now. It is sent
  // where no copy comes back: the copy is sent with the version that it was typed on, and that alone finds a difference.
  const saveWhatIsOne = () => { if (form.hasAttribute("data-unsaved") && !isLocked) save({ force: true }); };
  async function restore() {
    const found = await copy.read();
    if (!found) { saveWhatIsOne(); return; }
    Object.assign(found, rows.byPresentKeys(found, entries()));
    if (JSON.stringify(found.entries) === saved) { copy.forget(); saveWhatIsOne(); return; }
    const note = byId("restored");
    // The clinic's clock, as everywhere on the page, whatever zone the tablet has.
    const zoned = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: form.dataset.zone, ...options });
    const date = zoned({ weekday: "short", day: "numeric", month: "short" });
    const day = date.format(found.at) === date.format(Date.now()) ? "" : date.format(found.at) + ", ";
    note.querySelector("[data-when]").textContent = `(${day}${zoned({ hour: "2-digit", minute: "2-digit" }).format(found.at)})`;
    if (isLocked) {
      note.querySelector("b").firstChild.textContent = "Kept on this tablet: what you typed here ";
      note.querySelector("[data-next]").textContent = "Take the visit over to see it beside what is saved now.";
      note.querySelector("button").hidden = true;
      note.hidden = false;
      return;
    }
    while (running) await running;
    // What is typed while the rows are fetched is saved after them, on the version of the copy.
    running = rows.bringBack(found.entries, found.gone).then(() => {
      put(found);
      // Somebody saved meanwhile: the server answers with the difference, and a person chooses.
      if (found.version !== version) note.querySelector("[data-next]").textContent = "The visit was saved elsewhere since; compare, then choose.";
      note.hidden = false;
      version = found.version;
    }).finally(() => { running = null; });
    await running;
    save({ force: true });
  }
  document.addEventListener("click", (event) => { if (event.target.closest("[data-restored-seen]")) byId("restored").hidden = true; });

  // --- Rows (visit_rows.js): made before what listens here, so that a change is complete when it is saved -------------
  const rows = window.visitRows(form, () => soon(SOON_MS));

  // --- Typing -------------------------------------------------------------------------------------------------------
  const isWords = (field) => field.matches("textarea, [name^='answer-'], [name='compression_garment'], [name='compression_mmhg'], [name$='-lot'], [name$='-expiry']");
  form.addEventListener("input", (event) => {
    if (SKIPPED.has(event.target.name)) return;
    keep();
    soon(isWords(event.target) ? TYPING_MS : SOON_MS);
  });
  form.addEventListener("change", (event) => {
    if (SKIPPED.has(event.target.name)) return;
    keep();
    soon(SOON_MS);
  });
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button && button.value === "takeover") { saved = picture(); failures = 0; copy.forget(); return; }
    event.preventDefault();
    save({ force: true });
  });
  // Enter in a site's field goes on to the next place; Enter on the place adds it. No field sends the form by accident.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
    const field = event.target;
    if (field.id === "add-place") { event.preventDefault(); rows.addPlace(); return; }
    if (!field.matches("input:not([type=button], [type=submit])")) return;
    event.preventDefault();
    if (field.closest("[data-site]")) rows.next();
    save({ force: true });
  });

  // --- Ways through the page ------------------------------------------------------------------------------------------
  function reveal(id) {
    const place = byId(id);
    if (!place) return;
    for (let node = place; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    const field = place.matches("input, select, textarea, h3") ? place : place.querySelector("input:not([type=hidden]):not([disabled]), select, textarea") || place;
    place.scrollIntoView({ block: "center" });
    field.focus({ preventScroll: true });
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.closest(".missing-menu")) {
      event.preventDefault();
      link.closest("[popover]").hidePopover();
      reveal(link.hash.slice(1));
    }
  });
  // Places as map or list; the choice stays in this browser.
  const views = form.querySelectorAll("[data-view]");
  try { const view = localStorage.getItem("legwork.places"); if (view) views.forEach((each) => { each.checked = each.value === view; }); } catch { /* private window */ }
  views.forEach((each) => each.addEventListener("change", () => { try { localStorage.setItem("legwork.places", each.value); } catch { /* private window */ } }));
  // An emergency waits for nothing and asks nothing: the copy of what is not saved comes back with the page.
  let isUrgent = false;
  document.addEventListener("click", (event) => {
    if (!event.target.closest("a[data-urgent]") || isLocked || !(isChanged() || failures)) return;
    keep();
    isUrgent = true;
  });
  window.addEventListener("pageshow", () => { isUrgent = false; });
  // Leaving the page, or opening a dialog that works on the draft, waits until everything is saved.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-leave]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.button || (!isChanged() && !running)) return;
    event.preventDefault();
    save().then((done) => {
      if (done) location.href = link.href;
      else window.dispatchEvent(new CustomEvent("legwork:say", { detail: "Not saved yet, so this page stays open. Try again when the line at the top says Saved." }));
    });
  });
  document.addEventListener("htmx:confirm", (event) => {
    if (!event.target.matches("[data-flush]") || !isChanged()) return;
    event.preventDefault();
    save().then((done) => { if (done) event.detail.issueRequest(true); });
  });
  // While the walk runs, "what is missing" counts down without anybody typing.
  setInterval(() => { if (document.querySelector("#clock [data-clock]") && !isChanged() && !running && !isStuck) save({ force: true, isBackground: true }); }, 30000);

  if (location.hash.length > 1) reveal(location.hash.slice(1));
  restore();
})();
