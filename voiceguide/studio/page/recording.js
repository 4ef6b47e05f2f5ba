// A recording that was made before: listen to it, and take it along.

import { ask } from "./api.js";
import { clock, h } from "./dom.js";
import { player } from "./player.js";

export async function recording(identity, leaving) {
  const found = await ask(`/api/recordings/${encodeURIComponent(identity)}`);
  const about = [found.milliseconds && clock(found.milliseconds), found.file].filter(Boolean).join(" · ");
  return { title: found.title, content: [h("p", { class: "about" }, about), ...player(found, leaving)] };
}
