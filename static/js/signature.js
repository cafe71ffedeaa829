// A box to sign in with finger, pen or mouse. The lines go into a hidden field as points of a box of 600 by 200, which the
// server reads, checks and draws again. Without this file one signs with a typed name. Also prints the signed copy.
(function () {
  "use strict";
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });

  const place = document.querySelector("[data-signature]");
  if (!place) return;
  const WIDTH = 600, HEIGHT = 200;
  const MOST_POINTS = 4500;     // the server takes a little more
  const LEAST_STEP = 1.5;       // points that are nearer say nothing new
  const pad = place.querySelector("[data-pad]");
  const canvas = pad.querySelector("canvas");
  const clear = pad.querySelector("[data-clear]");
  const field = place.querySelector("input[name=strokes]");
  const pen = canvas.getContext("2d");
  let lines = [];
  let line = null;
  let count = 0;
  pad.hidden = false;

  function draw() {
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.setTransform(canvas.width / WIDTH, 0, 0, canvas.height / HEIGHT, 0, 0);
    pen.lineWidth = 2.5;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#101828";
    pen.fillStyle = "#667085";
    if (!lines.length) { pen.font = "18px sans-serif"; pen.fillText(canvas.dataset.empty, 24, HEIGHT - 28); }
    pen.fillRect(20, HEIGHT - 20, WIDTH - 40, 1);
    for (const each of lines) {
      pen.beginPath();
      each.forEach(([x, y], index) => (index ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      if (each.length === 1) pen.lineTo(each[0][0] + 0.1, each[0][1]);
      pen.stroke();
    }
  }
  function at(event) {
    const box = canvas.getBoundingClientRect();
    const within = (value, most) => Math.round(Math.min(Math.max(value, 0), most) * 10) / 10;
    return [within((event.clientX - box.left) / box.width * WIDTH, WIDTH), within((event.clientY - box.top) / box.height * HEIGHT, HEIGHT)];
  }
  function add(point) {
    const last = line[line.length - 1];
    if (count >= MOST_POINTS || (last && Math.hypot(point[0] - last[0], point[1] - last[1]) < LEAST_STEP)) return;
    line.push(point);
    count += 1;
  }
  function keep() {
    field.value = lines.length ? JSON.stringify(lines) : "";
    clear.hidden = !lines.length;
    if (lines.length) field.dispatchEvent(new Event("input", { bubbles: true })); // what is drawn counts as typed
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button || line) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    line = [];
    lines.push(line);
    add(at(event));
    draw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!line) return;
    (event.getCoalescedEvents ? event.getCoalescedEvents() : []).concat(event).forEach((each) => add(at(each)));
    draw();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, () => {
      if (line && !line.length) lines.pop();
      line = null;
      keep();
    });
  }
  clear.addEventListener("click", () => {
    lines = [];
    count = 0;
    keep();
    draw();
    const typed = document.querySelector("[data-typed] summary");
    if (typed) typed.focus();
  });
  // After an error the page comes back with what was drawn.
  try {
    lines = JSON.parse(field.value || "[]");
    count = lines.reduce((sum, each) => sum + each.length, 0);
  } catch { lines = []; }
  keep();
  draw();
})();
