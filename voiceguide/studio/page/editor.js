// A script's words: what is wrong is shown at its line while one types, and it is kept as a script of one's own.

import { ask, Fault, tell } from "./api.js";
import { announce, count, faults, h, patiently } from "./dom.js";

export async function editor(name, leaving) {
  const script = await ask("/api/text", { script: name });
  return { title: `The words of ${name}`, content: new Editor(name, script, leaving).content };
}

class Editor {
  constructor(name, script, leaving) {
    this.script = name;
    this.leaving = leaving;
    this.state = script.state;
    this.numbers = h("div", { class: "numbers", "aria-hidden": "true" });
    this.text = h("textarea", { id: "text", rows: 28, spellcheck: "false", wrap: "off", "aria-describedby": "found",
      oninput: () => { this.number(); this.check(); }, onscroll: () => { this.numbers.scrollTop = this.text.scrollTop; } });
    this.text.value = script.text;
    this.found = h("div", { id: "found", class: "found" });
    this.check = patiently(() => this.checked(), 400);
    this.name = h("input", { id: "name", value: script.own ? name : `my-${name.replace("/", "-")}`, autocomplete: "off" });
    this.kept = h("div", { role: "alert" });
    this.content = [
      h("p", { class: "about" }, script.own ? "This script is yours." : "This one came with voiceguide: save it as your own."),
      h("div", { class: "editor" }, h("label", { for: "text", class: "unseen" }, "The script"), this.numbers, this.text),
      this.found,
      h("form", { class: "choices save", onsubmit: (event) => { event.preventDefault(); this.save(); } },
        h("div", { class: "row" }, h("label", { for: "name" }, "Keep it under the name"), this.name),
        h("button", { type: "submit", class: "make" }, "Save as my own"), this.kept),
    ];
    this.number();
    this.checked();
    leaving.addEventListener("abort", () => { this.left = true; });
  }

  number(marked = this.marked ?? new Map()) {
    this.marked = marked;
    const lines = this.text.value.split("\n").length;
    this.numbers.replaceChildren(...Array.from({ length: lines }, (_, index) =>
      h("span", { class: marked.get(index + 1) }, String(index + 1))));
    this.numbers.scrollTop = this.text.scrollTop;
  }

  async checked() {
    const text = this.text.value;
    let found;
    try {
      ({ found } = await tell("/api/check", { script: this.script, text }));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.found.replaceChildren(...faults(error.errors));
      return;
    }
    if (this.left || text !== this.text.value) return;
    this.number(new Map(found.filter((one) => one.line).reverse().map((one) => [one.line, one.kind])));
    const errors = found.filter((one) => one.kind === "error").length;
    const told = found.length
      ? `${count(errors, "error")}, ${count(found.length - errors, "warning")}` : "Nothing to complain of.";
    if (told !== this.told) announce(told);
    this.told = told;
    this.found.replaceChildren(h("p", { class: "about" }, told), h("ul", {}, found.map((one) => this.item(one))));
  }

  item(one) {
    const where = one.line
      ? h("button", { type: "button", onclick: () => this.go(one.line) }, `Line ${one.line}`)
      : one.file ? h("span", {}, one.file) : null;
    return h("li", { class: one.kind }, where, " ", h("strong", {}, one.message), one.hint ? ` — ${one.hint}` : "");
  }

  go(line) {
    const lines = this.text.value.split("\n");
    const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    this.text.focus();
    this.text.setSelectionRange(start, start + lines[line - 1].length);
    this.text.scrollTop = (line - 5) * (this.text.scrollHeight / lines.length);
  }

  async save() {
    const name = this.name.value.trim();
    try {
      const replaces = name === this.script ? this.state : null;
      const saved = await tell("/api/save", { name, text: this.text.value, replaces });
      this.state = saved.state;
      this.script = saved.name;
      this.kept.replaceChildren(h("p", {}, `Saved as ${saved.name}. `,
        h("a", { href: `#/session/${encodeURIComponent(saved.name)}` }, "Look at the session")));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.kept.replaceChildren(...faults(error.errors));
    }
  }
}
