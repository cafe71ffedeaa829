// Rows of the visit page: sites and ampoules come from the server, are numbered and gone through one by one; a site goes
// with Undo. What stands in them is saved by charting.js. Needs htmx.
(function () {
  "use strict";
  const byId = (id) => document.getElementById(id);
  // Likely the same at the next site. Never the number of injections.
  const LIKELY = ["vein_type", "strength", "strength_other", "each_ml", "needle_gauge", "technique"];

  const keys = (entries, kind) => entries.filter(([name]) => name === kind).map(([, key]) => key);
  const valueOf = (entries, field) => (entries.find(([name]) => name === field) || ["", ""])[1];

  // A line of ampoules is known by its lot, pressed or typed, and by its strength where it names none. What was typed
  // before a lot was pressed means nothing; on a page of the server the number of a pressed lot stands in its field too.
  function lineOf(entries, key) {
    const said = (field) => valueOf(entries, `ampoule-${key}-${field}`).trim();
    const pressed = said("stock_lot") === "other" ? "" : said("stock_lot");
    const strength = Number(said("strength_percent").replace(",", "."));
    return { key, pressed, lot: said("lot").toLowerCase(), strength, opened: Number(said("opened")) || 0 };
  }
  function isLike(was, is) {
    if (Boolean(was.opened) !== Boolean(is.opened)) return false;
    return was.pressed && was.opened ? true : !was.strength || !is.strength || was.strength === is.strength;
  }
  function isSameLot(was, is) {
    if (!isLike(was, is)) return false;
    return was.pressed && was.opened ? was.pressed === is.pressed : (was.pressed ? "" : was.lot) === is.lot;
  }
  // Fills `present`: which line of the page, by its entries `now`, is which of a copy. `stored`: what the server answered.
  function matchAmpoules(typed, stored, now, present) {
    const free = keys(now, "ampoule").map((key) => lineOf(now, key));
    const match = (key, was, isSame) => {
      const index = present.has(`ampoule-${key}`) ? -1 : free.findIndex((is) => isSame(was, is));
      if (index >= 0) present.set(`ampoule-${key}`, `ampoule-${free.splice(index, 1)[0].key}`);
    };
    const linesOf = (entries) => keys(entries, "ampoule").map((key) => lineOf(entries, key));
    for (const was of linesOf(stored)) match(was.key, was, isSameLot);
    for (const was of linesOf(stored)) match(was.key, was, (one, is) => isLike(one, is) && one.opened === is.opened);
    // Where the answer to the last save was lost, what it brought there is known by the copy alone.
    for (const was of linesOf(typed)) if (was.opened) match(was.key, was, isSameLot);
    // One that is none of the page's gets a line of its own; an empty one is gone where another stands in its place.
    const onPage = new Set(keys(now, "ampoule"));
    for (const { key, opened } of linesOf(typed)) {
      if (!present.has(`ampoule-${key}`) && onPage.has(key)) present.set(`ampoule-${key}`, opened ? `ampoule-n${key}again` : "");
    }
  }

  // `visitRows(form, changed)`: addPlace(), next(), byPresentKeys(found, now) and bringBack(entries, gone). `changed` is
  // called when a row came or went.
  window.visitRows = (form, changed) => {
    const siteList = byId("sites");
    const sites = () => [...siteList.querySelectorAll("[data-site]:not([data-gone])")];

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
      sites().forEach((row, index) => { row.querySelector(".site-no").textContent = String(index + 1); });
    }
    // The site before on this page may not have reached the server yet: what is likely comes from there then.
    function inherit(row) {
      const rows = sites();
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
      changed();
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
      const waiting = sites().find((row) =>
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
      changed();
    }
    function rename(row, name, key) {
      const old = row.dataset[name];
      for (const node of [row, ...row.querySelectorAll("*")]) {
        for (const attribute of ["id", "name", "for", "value", "aria-describedby", "data-site", "data-ampoule"]) {
          const text = node.getAttribute(attribute);
          if (text && text.includes(old)) node.setAttribute(attribute, text.replace(old, key));
        }
      }
    }

    form.addEventListener("click", (event) => {
      const removing = event.target.closest("[data-remove]");
      if (removing) {
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
    // The usual strength follows the vein type; a correction never says by itself that something else was injected.
    form.addEventListener("change", (event) => {
      const field = event.target;
      if (!field.name.endsWith("-vein_type") || "correction" in form.dataset) return;
      const usual = JSON.parse(form.dataset.strengths)[field.value];
      const radio = form.querySelector(`[name="${CSS.escape(field.name.replace("-vein_type", "-strength"))}"][value="${CSS.escape(usual || "")}"]`);
      if (radio) radio.checked = true;
    });

    return {
      addPlace,
      // On to the next of several that came at once; after the last to the choice of a place.
      next() {
        const row = siteList.querySelector("[data-site][data-next]:not([data-gone])");
        if (!row) { byId("add-place").focus(); return; }
        delete row.dataset.next;
        begin(row);
      },
      // The entries of a copy under the keys that its rows have on this page. A row that was saved after it was added is
      // numbered by the server when the page is opened again: sites by their order, ampoules by strength.
      // Where the answer to the last save was lost, the copy's own sites are those of the server, place by place.
      // `gone`: the sites of this page that were taken out on the copy.
      byPresentKeys(found, now) {
        const placesOf = (entries) => JSON.stringify(keys(entries, "site").map((key) => valueOf(entries, `site-${key}-place`)));
        const stored = found.stored || [];
        const present = new Map();
        const sitesNow = keys(now, "site");
        const then = [stored, found.entries].find((entries) => placesOf(entries) === placesOf(now));
        if (then) keys(then, "site").forEach((key, index) => present.set(`site-${key}`, `site-${sitesNow[index]}`));
        matchAmpoules(found.entries, stored, now, present);
        const kept = new Set(keys(found.entries, "site"));
        const gone = then === stored ? keys(stored, "site").flatMap((key, index) => (kept.has(key) ? [] : [sitesNow[index]])) : [];
        const entries = found.entries.flatMap(([name, value]) => {
          const isRow = name === "site" || name === "ampoule";
          const [, old, field] = isRow ? [name, `${name}-${value}`, ""] : name.match(/^((?:site|ampoule)-[^-]+)-(.+)$/) || [];
          const row = present.get(old);
          if (row === undefined) return [[name, value]];
          if (!row) return [];
          return [isRow ? [name, row.slice(name.length + 1)] : [`${row}-${field}`, value]];
        });
        return { entries, gone };
      },
      // Rows that were taken out go again; those that never reached the server are asked for, to be filled with what was typed.
      async bringBack(entries, gone) {
        for (const key of gone) siteList.querySelector(`[data-site="${CSS.escape(key)}"]`)?.remove();
        if (gone.length) number();
        const rows = entries.filter(([name]) => name === "site" || name === "ampoule");
        for (const [name, key] of rows.filter(([kind, row]) => !form.querySelector(`[data-${kind}="${CSS.escape(row)}"]`))) {
          const place = entries.find(([field]) => field === `site-${key}-place`);
          const made = await addRow(name === "site" ? "place=" + encodeURIComponent(place ? place[1] : "") : "lot=1", name);
          if (made) rename(made, name, key);
        }
      },
    };
  };
})();
