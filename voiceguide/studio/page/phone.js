// Recordings -> the phone: an address in this network, as a code for the phone's camera, until it is stopped or its hour ends.

import { ask, Fault, tell } from "./api.js";
import { announce, clock, count, drawing, faults, h } from "./dom.js";

/** Give a button that shares, and what is shared then. `shown` is what is shared already, if that is to be seen. */
export function phone(leaving, shown = null) {
  const button = h("button", { type: "button", onclick: () => answered(share, button) }, "To your phone");
  const area = h("div", {});
  const trouble = h("div", { role: "alert" });
  let timer = null;

  async function answered(work, waiting) {
    trouble.replaceChildren();
    waiting.disabled = true;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      trouble.replaceChildren(...faults(error.errors));
    } finally {
      waiting.disabled = false;
    }
  }

  async function share() {
    show((await tell("/api/share")).shared);
    area.querySelector("h2").focus();
  }

  async function stop() {
    await tell("/api/share/stop");
    show(null);
    button.focus();
    announce("Nothing is shared any more.");
  }

  /** The hour was renewed elsewhere, or it is over. */
  async function look() {
    const { shared } = await ask("/api/share");
    if (leaving.aborted) return;
    show(shared);
    if (!shared) announce("Nothing is shared any more.");
  }

  function show(shared) {
    clearTimeout(timer);
    area.replaceChildren(...(shared ? [sharing(shared, (stopping) => answered(stop, stopping))] : []));
    if (shared) timer = setTimeout(() => answered(look, button), Math.max(0, shared.until - Date.now()) + 1000);
  }

  leaving.addEventListener("abort", () => clearTimeout(timer));
  show(shown);
  return h("div", { class: "phone" }, button, trouble, area);
}

function sharing(shared, stop) {
  const until = new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(shared.until);
  const whom = shared.public ? "Anyone on the internet who has" : "Whoever is in this network and has";
  return h("section", { class: "shared", "aria-labelledby": "shared" },
    h("h2", { id: "shared", tabindex: "-1" }, "On your phone"),
    h("div", { class: "code", role: "img", "aria-label": "The address, as a code for a phone's camera" }, drawing(shared.code)),
    h("div", {},
      h("p", {}, "Point your phone's camera at the code, or open this address in its browser:"),
      h("p", { class: "address" }, shared.address),
      h("p", { class: "about" }, `Shared until ${until}, or until the studio ends. `
        + `${whom} the address can have these recordings, and nothing else of this computer.`),
      h("details", {}, h("summary", {}, count(shared.recordings.length, "recording")),
        h("ul", { class: "rows" }, shared.recordings.map((one) =>
          h("li", {}, one.title, h("span", { class: "about" }, clock(one.milliseconds))))),
        shared.left_out.map((one) => h("p", { class: "about" }, `Left out: ${one.file}: ${one.why}`))),
      h("button", { type: "button", onclick: (event) => stop(event.target) }, "Stop sharing")));
}
