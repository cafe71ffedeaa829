// The visit page: saves itself, adds and removes rows, keeps what could not be saved. Without this file a Save button
// does the same. Saving is one POST of the whole form; the answer is fragments that htmx swaps by id.
(function () {
  "use strict";
  function fill(field, value) {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  // One tap instead of typing, on the page and in its dialog.
  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-fill]");
    if (chip) fill(document.getElementById(chip.dataset.fill), chip.value);
  });

  const form = document.getElementById("visit-form");
  if (!form) return;
  const byId = (id) => document.getElementById(id);
  const SOON_MS = 300;          // a choice, a step, a number
  const TYPING_MS = 900;        // words: wait for the pause
  const RETRY_MS = [2000, 4000, 8000, 15000, 30000];
  const GIVE_UP_MS = 15000;     // no answer by then counts as no connection
  const ASK_MS = 5000;          // how often the page says that it is open, and hears who else wants it
  const copy = window.draftCopy(`${form.dataset.person}.${form.dataset.session}`, form.dataset.copyKey);
  const SKIPPED = new Set(["csrfmiddlewaretoken", "do", "version", "add_place", "places", "map"]);

  let version = Number(form.dataset.version);
  let saved = picture();        // the form as the server has it
  let timer = 0;
  let running = null;           // the save that is on its way
  let failures = 0;
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
    if (!isLocked) copy.keep({ version, at: Date.now(), entries: entries() });
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
      return failed("Not saved: no connection, keep this page open");
    }
    if (answer.status === 200 || answer.status === 422) {
      failures = 0;
      take(text, sent);
      return true;
    }
    if (answer.status === 409) return conflict(text);
    if (answer.status === 401) { signIn(); return failed("Not saved: you were signed out. Sign in to go on"); }
    if (answer.status === 403) return failed("Not saved: load this page again, what you typed is kept");
    return failed(answer.status < 500 ? "Not saved: something on this page is too long" : "Not saved: the server has a problem, keep this page open");
  }
  function failed(words) {
    say(words, "wifi-off", true);
    timer = setTimeout(() => save({ force: true }), RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
    return false;
  }
  function take(text, sent) {
    saved = sent;
    swap(text);
    const line = byId("saved");
    version = Number(line.dataset.version);
    showErrors(JSON.parse(line.dataset.errors || "{}"));
    if (isChanged()) keep(); else copy.forget();
  }
  function swap(text) {
    window.htmx.swap(form, text, { swapStyle: "none", swapDelay: 0, settleDelay: 0 });
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
      answer = await post(new FormData(), true, form.dataset.hold);
      text = await answer.text();
    } catch { return; }
    if (answer.status === 401) { if (!window.signInAgain.isOpen()) signIn(); return; }
    if (window.signInAgain.isOpen()) window.signInAgain.done();
    if (answer.status !== 200 || isStuck) return;
    const holder = new DOMParser().parseFromString(text, "text/html").getElementById("holder");
    const isMine = holder.hasAttribute("data-mine");
    const isOpen = holder.hasAttribute("data-open");
    if (!isLocked && !isMine) await save();          // what was typed until this moment is hers or his still
    if (isLocked && isMine && isOpen) { location.reload(); return; } // the colleague left
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
    if (isChanged() && !isLocked) { keep(); say("Not saved: it is kept on this tablet for you", "history", true); }
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

  // --- Errors beside their fields -------------------------------------------------------------------------------
  function showErrors(errors) {
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
  showErrors(JSON.parse(byId("saved").dataset.errors || "{}"));

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
    for (const field of form.querySelectorAll("input[name], select[name], textarea[name]")) {
      if (SKIPPED.has(field.name) || field.type === "hidden") continue;
      const typed = values.get(field.name) || [];
      if (field.type === "checkbox" || field.type === "radio") field.checked = typed.includes(field.value);
      else if (typed.length) field.value = typed[0];
    }
  }
  async function restore() {
    const found = await copy.read();
    if (!found) return;
    if (JSON.stringify(found.entries) === saved) { copy.forget(); return; }
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
    // Rows that never reached the server are asked for again and filled with what was typed.
    const rows = found.entries.filter(([name]) => name === "site" || name === "ampoule");
    for (const [name, key] of rows.filter(([kind, row]) => !form.querySelector(`[data-${kind}="${CSS.escape(row)}"]`))) {
      const place = found.entries.find(([field]) => field === `site-${key}-place`);
      const query = name === "site" ? "place=" + encodeURIComponent(place ? place[1] : "") : "lot=1";
      const made = await addRow(query, name);
      if (made) rename(made, name, key);
    }
    put(found);
    // Somebody saved meanwhile: the server answers with the difference, and a person chooses.
    if (found.version !== version) note.querySelector("[data-next]").textContent = "The visit was saved elsewhere since; compare, then choose.";
    note.hidden = false;
    version = found.version;
    save({ force: true });
  }
  document.addEventListener("click", (event) => { if (event.target.closest("[data-restored-seen]")) byId("restored").hidden = true; });
  function rename(row, name, key) {
    const old = row.dataset[name];
    for (const node of [row, ...row.querySelectorAll("*")]) {
      for (const attribute of ["id", "name", "for", "value", "aria-describedby", "data-site", "data-ampoule"]) {
        const text = node.getAttribute(attribute);
        if (text && text.includes(old)) node.setAttribute(attribute, text.replace(old, key));
      }
    }
  }

  // --- Rows ---------------------------------------------------------------------------------------------------------
  const siteList = byId("sites");
  async function addRow(query, name) {
    let text;
    try {
      const answer = await fetch(`${form.dataset.rows}?${query}`, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      text = await answer.text();
    } catch {
      window.dispatchEvent(new CustomEvent("legwork:say", { detail: "No connection: the row could not be added. Try again." }));
      return null;
    }
    const list = name === "site" ? siteList : byId("ampoules");
    list.insertAdjacentHTML("beforeend", text);
    window.htmx.process(list);
    return list.lastElementChild;
  }
  // Tab goes from number to number; arrows step, the buttons are for fingers.
  function quiet(area) {
    area.querySelectorAll("[data-step-by]").forEach((button) => { button.tabIndex = -1; });
  }
  quiet(form);
  function number() {
    [...siteList.querySelectorAll("[data-site]:not([data-gone])")].forEach((row, index) => { row.querySelector(".site-no").textContent = String(index + 1); });
  }
  // The site before on this page may not have reached the server yet: what is likely comes from there then. Never the
  // number of injections.
  const LIKELY = ["vein_type", "strength", "strength_other", "each_ml", "needle_gauge", "technique"];
  function inherit(row) {
    const rows = [...siteList.querySelectorAll("[data-site]:not([data-gone])")];
    const before = rows[rows.indexOf(row) - 1];
    if (!before) return;
    for (const name of LIKELY) {
      const [fields, known] = [row, before].map((each) => [...each.querySelectorAll(`[name$="-${name}"]`)]);
      if (fields.some((field) => (field.type === "radio" ? field.checked : field.value))) continue;
      for (const field of fields) {
        const same = known.find((each) => each.type !== "radio" || each.value === field.value);
        if (!same) continue;
        if (field.type === "radio") field.checked = same.checked; else field.value = same.value;
      }
    }
  }
  function begin(row) {
    inherit(row);
    for (const other of siteList.querySelectorAll("details[data-site][open]")) if (other !== row) other.open = false;
    row.open = true;
    quiet(siteList);
    number();
    const isKnown = row.querySelector("[name$='-vein_type']:checked");
    const first = isKnown ? row.querySelector("[name$='-injection_count']") : row.querySelector("[name$='-vein_type']");
    row.scrollIntoView({ block: "nearest" });
    if (first) { first.focus({ preventScroll: true }); if (first.select && first.type === "text") first.select(); }
    soon(SOON_MS);
  }
  // The map and the list are links that htmx follows; what they bring is a new row. Several at once (the same as last
  // time) are gone through with Enter, one after the other.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== siteList) return;
    const fresh = [...siteList.querySelectorAll("[data-site]:not([data-seen])")];
    fresh.forEach((row, index) => { row.dataset.seen = "1"; if (index) row.dataset.next = "1"; });
    if (fresh.length) begin(fresh[0]);
  });
  // A second tap on a place means the site that stands there empty, not one more.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const asked = new URLSearchParams(event.detail.pathInfo.requestPath.split("?")[1]);
    if (event.detail.target !== siteList || !asked.has("segment")) return;
    const place = `${asked.get("leg")}:${asked.get("segment")}`;
    const waiting = [...siteList.querySelectorAll("[data-site]:not([data-gone])")].find((row) =>
      row.querySelector("[name$='-place']").value === place && ["injection_count", "volume_ml", "injections_ml"].every((name) => !row.querySelector(`[name$="-${name}"]`).value));
    if (!waiting) return;
    event.preventDefault();
    begin(waiting);
  });
  siteList.querySelectorAll("[data-site]").forEach((row) => { row.dataset.seen = "1"; });

  async function addPlace() {
    const choice = byId("add-place");
    if (!choice.value) { choice.focus(); return; }
    const row = await addRow("place=" + encodeURIComponent(choice.value), "site");
    choice.value = "";
    if (row) { row.dataset.seen = "1"; begin(row); }
  }
  function remove(row) {
    const name = row.querySelector(".site-words b").textContent;
    row.dataset.gone = "1";
    row.hidden = true;
    row.querySelectorAll("input, select, button").forEach((field) => { field.disabled = true; });
    const line = document.createElement("p");
    line.className = "site-gone";
    const undo = document.createElement("button");
    undo.type = "button";
    undo.className = "btn btn-ghost btn-sm";
    undo.textContent = "Undo";
    line.append(`${name} removed `, undo);
    row.after(line);
    undo.focus();
    undo.addEventListener("click", () => {
      line.remove();
      delete row.dataset.gone;
      row.hidden = false;
      row.querySelectorAll("input, select, button").forEach((field) => { field.disabled = false; });
      begin(row);
    });
    number();
    soon(SOON_MS);
  }

  // --- Buttons ------------------------------------------------------------------------------------------------------
  // The clinic's wall clock, counted on from the server's: a wrong clock of the tablet does no harm.
  const began = performance.now();
  const start = form.dataset.wall.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  function wallClock() {
    const seconds = (start + Math.floor((performance.now() - began) / 1000)) % 86400;
    return `${String(Math.floor(seconds / 3600)).padStart(2, "0")}:${String(Math.floor(seconds / 60) % 60).padStart(2, "0")}`;
  }
  form.addEventListener("click", (event) => {
    const now = event.target.closest("[data-now]");
    const removing = event.target.closest("[data-remove]");
    if (now) {
      event.preventDefault();
      const wall = wallClock();
      const ended = form.elements.ended_at;
      if (now.value === "walk" && !ended.value) fill(ended, wall);
      fill(form.elements[now.dataset.now], wall);
    } else if (removing) {
      event.preventDefault();
      remove(removing.closest("[data-site]"));
    } else if (event.target.closest("[data-add-site]")) {
      event.preventDefault();
      addPlace();
    } else if (event.target.closest("[data-add-lot]")) {
      event.preventDefault();
      addRow("lot=1", "ampoule").then((row) => { if (row) { quiet(row); row.querySelector("input:not([type=hidden])").focus(); } });
    }
  });
  // Places as map or list; the choice stays in this browser.
  const views = form.querySelectorAll("[data-view]");
  try { const view = localStorage.getItem("legwork.places"); if (view) views.forEach((each) => { each.checked = each.value === view; }); } catch { /* private window */ }
  views.forEach((each) => each.addEventListener("change", () => { try { localStorage.setItem("legwork.places", each.value); } catch { /* private window */ } }));

  // --- Typing -------------------------------------------------------------------------------------------------------
  const isWords = (field) => field.matches("textarea, [name^='answer-'], [name='compression_garment'], [name='compression_mmhg'], [name$='-lot'], [name$='-expiry']");
  form.addEventListener("input", (event) => {
    if (SKIPPED.has(event.target.name)) return;
    keep();
    soon(isWords(event.target) ? TYPING_MS : SOON_MS);
  });
  form.addEventListener("change", (event) => {
    const field = event.target;
    if (SKIPPED.has(field.name)) return;
    // The usual strength follows the vein type; a correction never says by itself that something else was injected.
    if (field.name.endsWith("-vein_type") && !("correction" in form.dataset)) {
      const usual = JSON.parse(form.dataset.strengths)[field.value];
      const radio = form.querySelector(`[name="${CSS.escape(field.name.replace("-vein_type", "-strength"))}"][value="${CSS.escape(usual || "")}"]`);
      if (radio) radio.checked = true;
    }
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
    if (field.id === "add-place") { event.preventDefault(); addPlace(); return; }
    if (!field.matches("input:not([type=button], [type=submit])")) return;
    event.preventDefault();
    const row = field.closest("[data-site]");
    const following = row && siteList.querySelector("[data-site][data-next]:not([data-gone])");
    if (following) { delete following.dataset.next; begin(following); } else if (row) byId("add-place").focus();
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
