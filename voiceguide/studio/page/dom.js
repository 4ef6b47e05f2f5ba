// Small things every part of the page uses: making elements, showing times, saying what changed.

/** Make an element. Texts are always text; `on…` are listeners, `class` and `for` are as in HTML, false is left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Make an element of a drawing that the studio sent. */
export function drawing(svg) {
  return document.importNode(new DOMParser().parseFromString(svg, "image/svg+xml").documentElement, true);
}

/** `1:30`, `1:02:30` */
export function clock(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** `8 to 30 minutes` */
export function range(minutes) {
  if (!minutes) return "as long as it takes";
  const count = (milliseconds) => String(Math.round(milliseconds / 6000) / 10);
  return minutes.least && minutes.most
    ? `${count(minutes.least)} to ${count(minutes.most)} minutes`
    : `about ${count(minutes.usual)} minutes`;
}

/** `4 lines` */
export function count(number, what) {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** `1 min 20 s`, for silences. */
export function lasting(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return [minutes && `${minutes} min`, (rest || !minutes) && `${rest} s`].filter(Boolean).join(" ");
}

/** Let a screen reader say something when it is done with what it says now. */
export function announce(text) {
  document.getElementById("status").textContent = text;
}

/** Show what went wrong where it is read at once. */
export function faults(errors) {
  return errors.map((error) =>
    h("p", { class: "fault" }, h("strong", {}, error.message), error.hint ? ` — ${error.hint}` : "",
      error.line ? ` (line ${error.line})` : ""));
}

/** Call `work` when nothing more came for a while. */
export function patiently(work, milliseconds) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), milliseconds);
  };
}
