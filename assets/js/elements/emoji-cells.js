/** What the grid of the emoji picker is made of: its sections and their buttons. */
import { h } from "../lib/dom.js";
import { withTone } from "../lib/emoji.js";
import { t } from "../lib/i18n.js";

/** @import {Emoji} from "../lib/emoji.js" */

/** As in the style. */
export const COLUMNS = 8;

/** Without its skin tone. @param {string} glyph */
export function plain(glyph) {
  return glyph.replace(/[\u{1f3fb}-\u{1f3ff}]/gu, "");
}

/** @param {Emoji} emoji @param {number} tone */
export function shown({ glyph, toned }, tone) {
  return toned ? withTone(glyph, tone) : glyph;
}

/** @param {string} glyph @param {Emoji|undefined} emoji undefined: from another page, or another version */
export function button(glyph, emoji) {
  const name = emoji?.name ?? glyph;
  return h(
    "button",
    {
      type: "button",
      tabindex: "-1",
      "aria-label": name,
      title: name,
      "data-code": emoji?.words[0],
      "data-glyph": glyph,
    },
    emoji?.picture ? h("img", { src: emoji.picture, alt: "", loading: "lazy" }) : glyph,
  );
}

/** @param {string} group @param {HTMLElement[]} buttons */
export function section(group, buttons) {
  const label = t(`emoji.${group}`);
  const element = h(
    "section",
    { "data-group": group, role: "group", "aria-label": label },
    h("h3", { class: "meta", "aria-hidden": "true" }, label),
    h("div", { class: "grid" }, buttons),
  );
  // Its height is known before it is drawn.
  element.style.setProperty("--rows", String(Math.ceil(buttons.length / COLUMNS)));
  return element;
}
