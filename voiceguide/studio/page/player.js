// A finished recording -> a player: chapters to jump to, the line that is heard now, the lock screen's buttons, files.

import { clock, h } from "./dom.js";
import { phone } from "./phone.js";

const FORMATS = ["mp3", "m4b", "opus", "flac", "wav"];
const SKIP = 15;

/** Give the player's elements. `others` makes the same session in another format, where that can be done. */
export function player(recording, leaving, { others } = {}) {
  const source = `/recordings/${recording.identity}`;
  const audio = h("audio", { controls: true, preload: "metadata", src: source, "aria-label": recording.title });
  const line = h("p", { class: "line" });
  const chapters = h("ol", { class: "chapters" }, recording.chapters.map((chapter) =>
    h("li", {}, h("button", { type: "button", onclick: () => jump(audio, chapter) },
      h("span", { class: "when" }, clock(chapter.start)), " ", chapter.title))));
  audio.addEventListener("timeupdate", () => follow(audio, recording, line, chapters));
  leaving.addEventListener("abort", () => audio.pause());
  onLockScreen(audio, recording);
  return [
    h("h2", { tabindex: "-1" }, "Listen"),
    audio,
    line,
    recording.chapters.length ? h("nav", { "aria-label": "Chapters" }, chapters) : null,
    h("p", { class: "files" }, "Download: ", files(recording, source, others)),
    recording.format === "mp3" ? phone(leaving) : null,
  ].filter(Boolean);
}

function files(recording, source, others) {
  const own = h("a", { href: `${source}?save`, download: recording.file }, recording.format.toUpperCase());
  const rest = others ? FORMATS.filter((format) => format !== recording.format) : [];
  return [own, ...rest.map((format) => h("button", { type: "button", onclick: () => others(format) }, format.toUpperCase()))];
}

function jump(audio, chapter) {
  audio.currentTime = chapter.start / 1000;
  audio.play();
}

function at(all, moment) {
  return all.findLastIndex((one) => one.start <= moment);
}

function follow(audio, recording, line, chapters) {
  const now = audio.currentTime * 1000 + 20; // a chapter begins on a whole millisecond, a player's clock near it
  const said = recording.lines[at(recording.lines, now)];
  const text = said && now <= said.end + 1500 ? said.text : "";
  if (line.textContent !== text) line.textContent = text;
  const current = at(recording.chapters, now);
  [...chapters.children].forEach((item, number) => {
    if (number === current) item.firstChild.setAttribute("aria-current", "true");
    else item.firstChild.removeAttribute("aria-current");
  });
}

function onLockScreen(audio, recording) {
  const session = navigator.mediaSession;
  if (!session) return;
  const step = (by) => {
    const now = at(recording.chapters, audio.currentTime * 1000 + 20);
    const chapter = recording.chapters[Math.min(recording.chapters.length - 1, Math.max(0, now + by))];
    if (chapter) audio.currentTime = chapter.start / 1000;
  };
  audio.addEventListener("play", () => {
    session.metadata = new MediaMetadata({ title: recording.title, artist: "voiceguide" });
    session.setActionHandler("play", () => audio.play());
    session.setActionHandler("pause", () => audio.pause());
    session.setActionHandler("seekbackward", () => { audio.currentTime = Math.max(0, audio.currentTime - SKIP); });
    session.setActionHandler("seekforward", () => { audio.currentTime += SKIP; });
    session.setActionHandler("previoustrack", () => step(-1));
    session.setActionHandler("nexttrack", () => step(1));
  });
}
