// The address behind `#` -> what is shown: the list, a session, its words, or a recording.

import { Fault } from "./api.js";
import { faults, h } from "./dom.js";
import { editor } from "./editor.js";
import { home } from "./home.js";
import { recording } from "./recording.js";
import { session } from "./session.js";

const VIEWS = { session, words: editor, recording };
const main = document.getElementById("main");
let shown = null;
let first = true;

async function show() {
  const [kind, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  if (kind === "main") return;
  const name = decodeURIComponent(rest.join("/"));
  shown?.abort();
  const leaving = new AbortController();
  shown = leaving;
  let view;
  try {
    view = await (VIEWS[kind] ?? home)(name, leaving.signal);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const words = kind === "session" && h("p", {}, h("a", { href: `#/words/${encodeURIComponent(name)}` }, "Change the words"));
    view = { title: "That did not work", content: [h("div", { role: "alert" }, faults(error.errors)), words] };
  }
  if (leaving.signal.aborted) return;
  document.title = `${view.title} · voiceguide studio`;
  main.replaceChildren(h("h1", { tabindex: "-1" }, view.title), ...view.content.filter(Boolean));
  if (!first) main.querySelector("h1").focus();
  first = false;
  window.scrollTo(0, 0);
}

window.addEventListener("hashchange", show);
show();
