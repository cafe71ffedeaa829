// Photographs: sent one by one with progress and another try, and compared with a line that moves.
// Without this file the form sends all at once and two photographs stand beside each other.
(function () {
  "use strict";
  const STALLED_MS = 60000;
  const PAUSES_MS = [2000, 5000, 15000, 30000];

  // --- Comparing ----------------------------------------------------------------------------------------------
  function compare(box) {
    const both = box.querySelector(".photo-both");
    const slider = box.querySelector("[data-slider]");
    const input = slider.querySelector("input");
    const looks = document.querySelector("[data-compare-look]");

    function move() {
      both.style.setProperty("--at", input.value + "%");
      input.setAttribute("aria-valuetext", `${input.value} % of the earlier, ${100 - input.value} % of the later photograph`);
    }
    function look() {
      const over = looks.querySelector(":checked").value === "over";
      box.classList.toggle("is-over", over);
      slider.hidden = !over;
    }
    function follow(event) {
      if (!box.classList.contains("is-over")) return;
      const place = both.getBoundingClientRect();
      input.value = Math.round(100 * (event.clientX - place.left) / place.width);
      move();
    }
    input.addEventListener("input", move);
    looks.addEventListener("change", look);
    both.addEventListener("pointerdown", (event) => { both.setPointerCapture(event.pointerId); follow(event); });
    both.addEventListener("pointermove", (event) => { if (both.hasPointerCapture(event.pointerId)) follow(event); });
    looks.hidden = false;
    look();
    move();
  }
  document.querySelectorAll("[data-compare]").forEach((box) => { if (box.classList.contains("photo-compare")) compare(box); });

  // --- Adding -------------------------------------------------------------------------------------------------
  // A file leaves the list only when the server has it or somebody takes it out. Sending one twice does no harm:
  // the server knows it by its content.
  const form = document.querySelector("form[data-photographs]");
  if (!form) return;
  const list = form.querySelector("[data-queue]");
  const said = form.querySelector("[data-said]");
  const send = form.querySelector("[data-send]");
  const template = form.querySelector("template[data-row]");
  const rows = [];
  let busy = false;

  const megabytes = (size) => (size / 1048576).toFixed(1) + " MB";
  const open = () => rows.filter((row) => row.state !== "saved");

  function show(row, state, words) {
    row.state = state;
    row.node.className = "is-" + state;
    row.node.querySelector("[data-state]").textContent = words;
    row.node.querySelector("progress").hidden = state !== "sending";
    row.node.querySelector("[data-again]").hidden = state !== "failed" && state !== "refused";
    row.node.querySelector("[data-drop]").hidden = state === "sending" || state === "saved";
    count();
  }
  function count() {
    const waiting = open().length;
    list.hidden = !rows.length;
    send.textContent = waiting === 0 ? "Add the photographs" : waiting === 1 ? "Add 1 photograph" : `Add ${waiting} photographs`;
  }
  function add(file) {
    const node = template.content.firstElementChild.cloneNode(true);
    const row = { file, node, state: "waiting", tries: 0 };
    node.querySelector("[data-name]").textContent = `${file.name || "photograph"}, ${megabytes(file.size)}`;
    node.querySelector("[data-again]").addEventListener("click", () => { row.tries = 0; show(row, "waiting", "Waits"); next(); });
    node.querySelector("[data-drop]").addEventListener("click", () => { rows.splice(rows.indexOf(row), 1); node.remove(); count(); });
    rows.push(row);
    list.append(node);
    show(row, "waiting", "Not sent yet");
  }
  for (const input of form.querySelectorAll("input[type=file]")) {
    input.addEventListener("change", () => { for (const file of input.files) add(file); input.value = ""; });
  }

  // What was chosen when the button was pressed belongs to the photograph, also when it is sent later.
  function facts() {
    const data = new FormData(form);
    data.delete("pictures");
    return [...data.entries()];
  }
  async function freshToken() {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const token = page.querySelector("form[data-photographs] [name=csrfmiddlewaretoken]");
      if (token) form.querySelector("[name=csrfmiddlewaretoken]").value = token.value;
      return Boolean(token);
    } catch { return false; }
  }
  function post(row) {
    return new Promise((done) => {
      const request = new XMLHttpRequest();
      const data = new FormData();
      for (const [name, value] of row.facts) data.append(name, value);
      data.set("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
      data.append("pictures", row.file);
      let stalled = 0;
      const alive = () => { clearTimeout(stalled); stalled = setTimeout(() => request.abort(), STALLED_MS); };
      request.open("POST", form.action);
      request.setRequestHeader("HX-Request", "true");
      request.upload.addEventListener("progress", (event) => {
        alive();
        row.node.querySelector("progress").value = event.lengthComputable ? 100 * event.loaded / event.total : 0;
      });
      request.addEventListener("loadend", () => { clearTimeout(stalled); done(request); });
      alive();
      request.send(data);
    });
  }
  function wordsOf(request) {
    try { return JSON.parse(request.responseText).words.join(" "); } catch { return ""; }
  }
  async function sendOne(row) {
    row.facts = row.facts || facts();
    row.node.querySelector("progress").value = 0;
    show(row, "sending", "Being sent");
    const request = await post(row);
    if (request.status === 200) { show(row, "saved", wordsOf(request)); return; }
    if (request.status === 422) { row.facts = null; show(row, "refused", wordsOf(request)); return; }
    if (request.status === 413) { show(row, "refused", "Too large. Take it with a lower resolution."); return; }
    if (request.status === 401 || request.status === 403) {
      if (await freshToken() && row.tries++ < 1) { show(row, "waiting", "Waits"); return; }
      show(row, "failed", "Not sent: you are signed out. Sign in again in another tab, then try again here.");
      return;
    }
    const pause = PAUSES_MS[row.tries++];
    if (pause === undefined) { show(row, "failed", "Not sent: no connection. It is still here; try again."); return; }
    show(row, "pausing", `No connection. Tried again in ${pause / 1000} seconds.`);
    row.timer = setTimeout(() => again(row), pause);
  }
  function again(row) {
    clearTimeout(row.timer);
    if (row.state !== "pausing" || !rows.includes(row)) return;
    show(row, "waiting", "Waits");
    next();
  }
  async function next() {
    if (busy) return;
    busy = true;
    let row;
    while ((row = rows.find((each) => each.state === "waiting" && each.asked))) await sendOne(row);
    busy = false;
    const saved = rows.length - open().length;
    said.textContent = open().length ? `${saved} of ${rows.length} added.` : saved ? "All added." : "";
  }
  form.addEventListener("submit", (event) => {
    if (!open().length) return;
    event.preventDefault();
    for (const row of open()) {
      row.asked = true;
      if (row.state === "refused" || row.state === "failed") { row.tries = 0; show(row, "waiting", "Waits"); }
      if (row.state === "waiting") row.facts = row.facts || facts();
    }
    next();
  }, true);
  window.addEventListener("online", () => rows.filter((row) => row.state === "pausing").forEach(again));
  window.addEventListener("beforeunload", (event) => { if (open().length) event.preventDefault(); });
})();
