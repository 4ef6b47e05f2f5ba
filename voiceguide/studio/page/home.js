// What there is: sessions in groups, and the recordings made before.

import { ask } from "./api.js";
import { clock, faults, h, range } from "./dom.js";
import { phone } from "./phone.js";

export async function home(_, leaving) {
  const [scripts, made, { shared }] = await Promise.all([ask("/api/scripts"), ask("/api/recordings"), ask("/api/share")]);
  return {
    title: "Choose a session",
    content: [...scripts.groups.map(group), ...unread(scripts.unread), recordings(made, phone(leaving, shared))],
  };
}

function group({ title, scripts }, number) {
  const id = `group-${number}`;
  return h("section", { "aria-labelledby": id },
    h("h2", { id }, title),
    h("ul", { class: "cards" }, scripts.map(card)));
}

function card(script) {
  const languages = script.versions.map((version) => version.language);
  return h("li", {},
    h("a", { href: `#/session/${encodeURIComponent(script.name)}` }, script.title),
    script.summary ? h("p", {}, script.summary) : null,
    h("p", { class: "about" }, [range(script.minutes), script.position, languages.length > 1 ? languages.join(", ") : null]
      .filter(Boolean).join(" · ")));
}

function unread(scripts) {
  return scripts.length
    ? [h("section", {}, h("h2", {}, "Can't be read"),
        scripts.map((script) => h("div", {},
          h("p", {}, h("a", { href: `#/words/${encodeURIComponent(script.name)}` }, script.name)), faults(script.errors))))]
    : [];
}

function recordings({ folder, recordings }, toPhone) {
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const row = (one) => h("li", {},
    h("a", { href: `#/recording/${one.identity}` }, one.title),
    h("span", { class: "about" },
      [one.milliseconds && clock(one.milliseconds), one.file, `${(one.size / 1e6).toFixed(1)} MB`, day.format(one.made)]
        .filter(Boolean).join(" · ")));
  return h("section", { "aria-labelledby": "made" },
    h("h2", { id: "made" }, "Made before"),
    ...recordings.length
      ? [h("ul", { class: "rows" }, recordings.map(row)), toPhone]
      : [ h("p", { class: "about" }, `Nothing yet. Recordings are kept in the folder ${folder}.`)]);
}
