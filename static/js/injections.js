// Injections one by one: a button adds one like the last, steppers correct each. What is sent is the one text field
// that a browser without this file shows. Needs ui.js (steppers).
(function () {
  "use strict";
  const STEP = "0.05";
  const USUAL = "0.2";
  const fieldOf = (card) => card.querySelector("[name$='-injections_ml']");
  const isOneByOne = (card) => card.querySelector("[name$='-one_by_one']").checked;
  const parts = (field) => field.value.split(/[\s;+]+/).filter(Boolean);
  const plain = (text) => String(text).replace(",", ".").replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");

  function button(words, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn btn-secondary";
    made.textContent = words;
    made.dataset.act = act;
    return made;
  }
  function stepper(value, number) {
    const made = document.createElement("div");
    made.className = "stepper";
    made.setAttribute("role", "group");
    made.setAttribute("aria-label", `Injection ${number}`);
    for (const by of ["-1", "", "1"]) {
      if (by) {
        const press = document.createElement("button");
        press.type = "button";
        press.tabIndex = -1;
        press.dataset.stepBy = by;
        press.textContent = by === "1" ? "+" : "−";
        press.setAttribute("aria-label", `Injection ${number}: ${by === "1" ? "more" : "less"}`);
        made.append(press);
      } else {
        const middle = document.createElement("span");
        middle.className = "stepper-value";
        const input = document.createElement("input");
        input.className = "stepper-input";
        input.inputMode = "decimal";
        input.autocomplete = "off";
        input.dataset.step = STEP;
        input.setAttribute("min", "0");
        input.setAttribute("aria-label", `Injection ${number}, mL`);
        input.value = value;
        const unit = document.createElement("span");
        unit.setAttribute("aria-hidden", "true");
        unit.textContent = "mL";
        middle.append(input, unit);
        made.append(middle);
      }
    }
    return made;
  }

  // Drawn anew only when the text is not what the steppers show, so that nobody loses the place.
  function draw(card) {
    const field = fieldOf(card);
    const place = field.closest(".field");
    let shots = place.querySelector(".shots");
    if (!shots) {
      shots = document.createElement("div");
      shots.className = "shots";
      field.after(shots);
      place.classList.add("is-drawn");
      field.tabIndex = -1;
      field.setAttribute("aria-hidden", "true");
      const label = place.querySelector("label");
      label.removeAttribute("for");
    }
    if (shots.dataset.drawn === field.value) return shots;
    shots.dataset.drawn = field.value;
    const all = parts(field);
    shots.replaceChildren(...all.map((value, index) => stepper(value, index + 1)));
    const last = plain(all.length ? all[all.length - 1] : card.querySelector("[name$='-each_ml']").value || USUAL);
    const add = button(`Add ${last} mL`, "add");
    add.value = last;
    shots.append(add);
    if (all.length) shots.append(button("Take the last away", "less"));
    const sum = document.createElement("span");
    sum.className = "shots-sum";
    sum.setAttribute("role", "status");
    sum.textContent = `${all.length} injection${all.length === 1 ? "" : "s"}`;
    shots.append(sum);
    return shots;
  }
  function write(card, values) {
    const field = fieldOf(card);
    field.value = values.join(" ");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return field;
  }
  const shown = (shots) => [...shots.querySelectorAll(".stepper input")].map((input) => input.value.trim());

  function begin(card) {
    const field = fieldOf(card);
    const count = Number(card.querySelector("[name$='-injection_count']").value);
    const each = plain(card.querySelector("[name$='-each_ml']").value);
    // What was entered as equal is where the list begins.
    if (!field.value && Number.isInteger(count) && count > 0 && count <= 300 && Number(each) > 0) write(card, Array(count).fill(each));
    draw(card);
  }
  document.addEventListener("change", (event) => {
    const card = event.target.closest("[data-site]");
    if (!card) return;
    if (event.target.name.endsWith("-one_by_one") && event.target.checked) begin(card);
    if (!event.target.closest(".shots")) return;
    // An emptied or zero injection is none.
    const shots = event.target.closest(".shots");
    const values = shown(shots);
    const kept = values.filter((value) => value && Number(value.replace(",", ".")) !== 0);
    if (kept.length !== values.length) { write(card, kept); draw(card); }
  });
  document.addEventListener("input", (event) => {
    const shots = event.target.closest(".shots");
    if (!shots) return;
    const card = shots.closest("[data-site]");
    const field = write(card, shown(shots).filter(Boolean));
    shots.dataset.drawn = field.value;
    const values = shown(shots);
    const last = plain(values[values.length - 1]);
    const add = shots.querySelector("[data-act='add']");
    if (Number(last) > 0) { add.value = last; add.textContent = `Add ${last} mL`; }
  });
  document.addEventListener("click", (event) => {
    const press = event.target.closest(".shots [data-act]");
    if (!press) return;
    const card = press.closest("[data-site]");
    const values = parts(fieldOf(card));
    if (press.dataset.act === "add") values.push(press.value); else values.pop();
    const act = press.dataset.act;
    write(card, values);
    const shots = draw(card);
    (shots.querySelector(`[data-act='${act}']`) || shots.querySelector("[data-act='add']")).focus();
  });
  // A site that comes in, or whose text was put back, is drawn when it is opened.
  document.addEventListener("toggle", (event) => {
    const card = event.target;
    if (card.matches && card.matches("[data-site][open]") && isOneByOne(card)) draw(card);
  }, true);
  document.querySelectorAll("[data-site][open]").forEach((card) => { if (isOneByOne(card)) draw(card); });
})();
