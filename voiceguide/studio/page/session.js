// One session: choose its length, its voice and what else its script lets one change; see it, hear it, make it.

import { ask, Fault, tell } from "./api.js";
import { announce, clock, count, drawing, faults, h, lasting, patiently, range } from "./dom.js";
import { labelled, parameters } from "./form.js";
import { maker } from "./maker.js";
import { player } from "./player.js";

const STEP = 15_000;

export async function session(name, leaving) {
  const [form, scripts] = await Promise.all([ask("/api/form", { script: name }), ask("/api/scripts")]);
  const { voices } = await ask("/api/voices", { language: form.language });
  return { title: form.title, content: new Session(form, voices, versions(scripts, name), leaving).content };
}

function versions(scripts, name) {
  const all = scripts.groups.flatMap((group) => group.scripts);
  return all.find((script) => script.versions.some((version) => version.name === name))?.versions ?? [];
}

class Session {
  constructor(form, voices, others, leaving) {
    this.form = form;
    this.leaving = leaving;
    this.length = form.minutes?.usual ?? null;
    this.changed = this.changed.bind(this);
    this.parameters = parameters(form.parameters, voices, this.changed);
    this.faults = h("div", { role: "alert" });
    this.picture = h("div", { class: "picture", role: "img", "aria-label": "The session in time" });
    this.about = h("p", { class: "about" });
    this.words = h("ol", { class: "words" });
    this.say = patiently(announce, 700);
    this.audio = new Audio();
    leaving.addEventListener("abort", () => this.audio.pause());
    this.maker = maker({ asked: () => this.asked(), done: (recording) => this.made(recording), leaving });
    this.result = h("div", { class: "result" });
    this.content = [
      h("p", { class: "lead" }, form.summary),
      h("p", { class: "about" }, [form.position, range(form.minutes)].filter(Boolean).join(" · "), " · ",
        h("a", { href: `#/words/${encodeURIComponent(form.name)}` }, "Change the words")),
      this.languages(others),
      h("section", { class: "time", "aria-label": "The session in time" }, this.slider(), this.picture, this.about, this.faults),
      h("form", { class: "choices", onsubmit: (event) => event.preventDefault() },
        h("h2", {}, "Make it yours"), this.parameters.rows, this.voice(voices), this.more()),
      this.maker.content,
      this.result,
      h("details", { class: "heard" }, h("summary", {}, "Every line, to hear it"), this.words),
    ];
    this.changed();
  }

  languages(others) {
    if (others.length < 2) return null;
    return h("nav", { class: "languages", "aria-label": "Languages" }, others.map((other) =>
      h("a", { href: `#/session/${encodeURIComponent(other.name)}`, lang: other.language,
        "aria-current": other.name === this.form.name && "page" }, other.language, other.reviewed ? "" : "*")));
  }

  slider() {
    const { minutes } = this.form;
    this.range = h("input", { type: "range", id: "length", step: STEP, min: minutes?.least ?? STEP,
      max: minutes?.most ?? 2 * (minutes?.usual ?? 600_000), value: this.length ?? 600_000,
      oninput: () => { this.length = Number(this.range.value); this.named(); this.changed(); } });
    this.shown = h("output", { for: "length" }, "");
    this.bounded = Boolean(minutes?.least && minutes?.most);
    this.named();
    return h("div", { class: "length" }, h("label", { for: "length" }, "How long"), this.range, this.shown);
  }

  named() {
    const length = Number(this.range.value);
    this.shown.textContent = clock(length);
    this.range.setAttribute("aria-valuetext", lasting(length));
  }

  voice(voices) {
    const { voice, rate } = this.form;
    this.who = h("select", { id: "voice", onchange: this.changed }, h("option", { value: "" }, "The usual voice"),
      voices.map((one) => h("option", { value: one.name, selected: one.name === voice }, one.title)));
    this.rate = h("input", { id: "rate", type: "number", min: 60, max: 220, step: 5, value: rate, oninput: this.changed });
    return [
      labelled({ label: "Who speaks" }, "voice", this.who),
      labelled({ label: "How fast, in words a minute" }, "rate", this.rate),
    ];
  }

  more() {
    this.leadIn = h("input", { id: "lead-in", value: "", placeholder: "none", autocomplete: "off", oninput: this.changed,
      "aria-describedby": "lead-in-hint" });
    this.sleep = h("input", { id: "sleep", type: "checkbox", onchange: this.changed });
    this.bed = h("select", { id: "bed", onchange: this.changed }, h("option", { value: "" }, "As the script says"),
      h("option", { value: "off" }, "None"), this.form.beds.map((bed) => h("option", { value: bed.name }, bed.title)));
    const asksForBed = this.form.parameters.some((one) => one.kind === "bed");
    return h("details", {}, h("summary", {}, "More"),
      asksForBed ? null : labelled({ label: "In the background" }, "bed", this.bed),
      labelled({ label: "Time to lie down, before it starts" }, "lead-in", this.leadIn,
        h("small", { id: "lead-in-hint" }, "such as 30s; it is not counted in the length")),
      h("div", { class: "row tick" }, this.sleep,
        h("label", { for: "sleep" }, "For falling asleep: softer, and no bell in the last chapter")));
  }

  /** What was chosen, as the server takes it. */
  asked() {
    return {
      script: this.form.name, values: this.parameters.values(), length: this.length, seed: this.form.seed,
      voice: this.who.value, rate: Number(this.rate.value) || null, bed: this.bed.value, sleep: this.sleep.checked,
      lead_in: this.leadIn.value.trim(),
    };
  }

  /** Follow a change: one question at a time, and of many changes the last one. */
  async changed() {
    this.again = true;
    if (this.asking) return;
    this.asking = true;
    while (this.again && !this.leaving.aborted) {
      this.again = false;
      try {
        this.draw(await tell("/api/outline", this.asked()));
        this.faults.replaceChildren();
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.faults.replaceChildren(...faults(error.errors));
      }
    }
    this.asking = false;
  }

  draw(outline) {
    const drawn = drawing(outline.picture);
    this.picture.setAttribute("aria-label", drawn.getAttribute("aria-label"));
    this.picture.replaceChildren(drawn);
    this.outline = outline;
    if (!this.bounded) this.bound(outline);
    this.tell(outline);
    this.list(outline.heard.filter((one) => one.kind !== "silence" || one.length));
  }

  /** Let the slider reach from the shortest to the longest there is, where the script does not say. */
  bound(outline) {
    this.range.min = Math.ceil(outline.shortest / STEP) * STEP;
    this.range.max = Math.max(this.range.min, Math.floor(outline.longest / STEP) * STEP);
    if (this.length === null) {
      this.range.value = outline.milliseconds;
      this.shown.textContent = clock(outline.milliseconds);
    }
  }

  tell(outline) {
    const length = outline.milliseconds - outline.lead_in;
    const lines = outline.heard.filter((one) => one.kind === "say").length;
    const texts = [`${clock(length)}, ${count(outline.chapters.length, "chapter")}, ${count(lines, "line")}`];
    if (outline.wanted !== null && outline.wanted !== length) {
      texts.push(`With this voice and these words it can last from ${clock(outline.shortest)} to ${clock(outline.longest)}`);
    }
    if (outline.reckoned) {
      texts.push(`An estimate: ${count(outline.reckoned, "line")} ${outline.reckoned === 1 ? "has" : "have"} not been spoken yet`);
    }
    this.picture.classList.toggle("estimate", outline.reckoned > 0);
    this.about.textContent = `${texts.join(". ")}.`;
    this.say(this.about.textContent);
  }

  /** List what is heard; where only times have changed, the buttons stay as they are, and who stands on one does too. */
  list(heard) {
    const said = heard.map((one) => one.kind + one.text).join("\n");
    if (said === this.said) {
      this.words.querySelectorAll(".when").forEach((when, number) => { when.textContent = clock(heard[number].start); });
      return;
    }
    this.said = said;
    let line = 0;
    this.words.replaceChildren(...heard.map((one) => {
      const when = h("span", { class: "when" }, clock(one.start));
      if (one.kind !== "say") return h("li", { class: one.kind }, when, h("span", {}, named(one)));
      const number = line++;
      return h("li", { class: one.safety ? "say safety" : "say" }, when,
        h("span", { lang: this.form.language }, one.text),
        h("button", { type: "button", class: "hear", "aria-label": `Hear: ${one.text}`, onclick: (event) => this.hear(event.target, number) },
          "Hear"));
    }));
  }

  async hear(button, line) {
    this.audio.pause();
    button.disabled = true;
    button.textContent = "…";
    try {
      const { sound } = await tell("/api/line", { ...this.asked(), line });
      this.audio.src = sound;
      await this.audio.play();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.faults.replaceChildren(...faults(error.errors));
    } finally {
      button.disabled = false;
      button.textContent = "Hear";
      button.focus();
    }
  }

  made(recording) {
    this.result.replaceChildren(...player(recording, this.leaving, { others: (format) => this.maker.make(format) }));
    this.result.querySelector("h2").focus();
    if (this.asking || this.outline?.reckoned) this.changed(); // now that every line was spoken
  }
}

function named(one) {
  if (one.kind === "silence") return `silence, ${lasting(one.length)}`;
  return one.kind === "chime" ? `♪ ${one.text}` : `≈ ${one.text} in the background`;
}
