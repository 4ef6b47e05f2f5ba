// One button -> a recording: how far it is, a way to stop it, and what came of it.

import { ask, Fault, tell } from "./api.js";
import { announce, faults, h } from "./dom.js";

const STAGES = { speaking: "Speaking", assembling: "Putting it together" };
const LOOK_AGAIN = { first: 30, last: 250, grows: 1.3 }; // milliseconds: what is kept from before is joined in a moment

/** `asked` gives what is wanted, `done` takes the finished recording. */
export function maker({ asked, done, leaving }) {
  const button = h("button", { type: "button", class: "make", onclick: () => make("mp3") }, "Make the recording");
  const bar = h("progress", { "aria-label": "How far the recording is" });
  const stage = h("span", {});
  const stop = h("button", { type: "button", onclick: () => stopped() }, "Stop");
  const progress = h("div", { class: "progress", hidden: true }, bar, stage, stop);
  const trouble = h("div", { role: "alert" });
  let work = null;

  function show(now) {
    stage.textContent = now.state === "waiting" ? "Waiting for another one" : (STAGES[now.stage] ?? "Reading the script");
    if (now.total) {
      bar.max = now.total;
      bar.value = now.done;
    } else bar.removeAttribute("value");
  }

  async function stopped() {
    if (work) await tell(`/api/work/${work.name}/stop`);
  }

  async function finished(format) {
    if (work.state === "failed") throw new Fault([{ message: work.fault, hint: null }], 422);
    if (work.state === "stopped") return announce("Stopped. Lines that were spoken are kept.");
    announce("The recording is ready.");
    const recording = await ask(`/api/recordings/${work.recording}`);
    if (format === "mp3") done(recording);
    else location.assign(`/recordings/${recording.identity}?save`);
  }

  async function make(format) {
    trouble.replaceChildren();
    button.disabled = true;
    progress.hidden = false;
    announce("Making the recording.");
    try {
      work = await tell("/api/work", { ...asked(), format });
      let wait = LOOK_AGAIN.first;
      while (["waiting", "working"].includes(work.state) && !leaving.aborted) {
        show(work);
        await new Promise((after) => setTimeout(after, wait));
        wait = Math.min(wait * LOOK_AGAIN.grows, LOOK_AGAIN.last);
        work = await ask(`/api/work/${work.name}`);
      }
      if (!leaving.aborted) await finished(format);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      trouble.replaceChildren(...faults(error.errors));
    } finally {
      work = null;
      button.disabled = false;
      progress.hidden = true;
    }
  }

  return { content: h("section", { class: "maker", "aria-label": "The recording" }, button, progress, trouble), make };
}
