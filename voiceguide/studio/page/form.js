// A script's parameters -> controls, and what was chosen in them, as text.

import { h } from "./dom.js";

/** Give the controls, in rows, and a function that gives their values by name. `changed` is called for each change. */
export function parameters(declared, voices, changed) {
  const controls = declared.map((one) => ({ one, ...control(one, voices, changed) }));
  return {
    rows: controls.map(({ row }) => row),
    values: () => Object.fromEntries(controls.map(({ one, value }) => [one.name, value()])),
  };
}

function control(one, voices, changed) {
  const id = `p-${one.name}`;
  switch (one.type) {
    case "yesno":
      return yesNo(one, id, changed);
    case "choice":
    case "sound":
      return select(one, id, one.choices.map((choice) => [choice, choice]), changed);
    case "voice":
      return select(one, id, voices.map((voice) => [voice.name, voice.title]), changed);
    case "choices":
      return several(one, id, changed);
    default:
      return field(one, id, changed);
  }
}

function yesNo(one, id, changed) {
  const input = h("input", { type: "checkbox", id, checked: ["yes", "true", "on"].includes(one.value.toLowerCase()),
    onchange: changed });
  const row = h("div", { class: "row tick" }, input, h("label", { for: id }, one.label));
  return { row, value: () => (input.checked ? "yes" : "no") };
}

function select(one, id, choices, changed) {
  const known = choices.some(([name]) => name === one.value);
  const options = known ? choices : [[one.value, one.value || "as usual"], ...choices];
  const input = h("select", { id, onchange: changed },
    options.map(([name, title]) => h("option", { value: name, selected: name === one.value }, title)));
  return { row: labelled(one, id, input), value: () => input.value };
}

function several(one, id, changed) {
  const chosen = one.value.split(",").map((part) => part.trim());
  const boxes = one.choices.map((choice, number) => h("input", { type: "checkbox", id: `${id}-${number}`, value: choice,
    checked: chosen.includes(choice), onchange: changed }));
  const row = h("fieldset", { class: "row" }, h("legend", {}, one.label),
    boxes.map((box) => h("span", { class: "tick" }, box, h("label", { for: box.id }, box.value))));
  return { row, value: () => boxes.filter((box) => box.checked).map((box) => box.value).join(", ") };
}

const HINTS = { duration: "such as 45s or 1m30s", points: "codes or names, with commas between them" };

function field(one, id, changed) {
  const number = one.type === "number";
  const hint = HINTS[one.type];
  const input = h("input", { id, type: number ? "number" : "text", value: one.value, autocomplete: "off", oninput: changed,
    min: number && one.least, max: number && one.most, step: number && (one.whole ? 1 : "any"),
    "aria-describedby": hint && `${id}-hint` });
  const row = labelled(one, id, input, hint && h("small", { id: `${id}-hint` }, hint));
  return { row, value: () => input.value };
}

export function labelled(one, id, ...inputs) {
  return h("div", { class: "row" }, h("label", { for: id }, one.label), ...inputs);
}
