/**
 * A line of a message in a list: short names of emoji in it become pictures as soon as the element
 * custom-emoji is there.
 */
import { h } from "../lib/dom.js";

const NAME = /:[a-z\d_+-]{2,64}:/uy;

/**
 * As in the conversation: not in a word, in a time or in a path; behind another name it may stand.
 * @param {string} text
 * @returns {(string|HTMLElement)[]}
 */
export function emojiLine(text) {
  /** @type {(string|HTMLElement)[]} */
  const parts = [];
  let [from, end] = [0, -1];
  for (let at = text.indexOf(":"); at >= 0; at = text.indexOf(":", at + 1)) {
    NAME.lastIndex = at;
    const name = NAME.exec(text)?.[0];
    if (!name || (at !== end && /[A-Za-z\d:]/u.test(text[at - 1] ?? ""))) continue;
    if (at > from) parts.push(text.slice(from, at));
    parts.push(h("custom-emoji", null, name));
    end = at + name.length;
    from = end;
    at = end - 1;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}
