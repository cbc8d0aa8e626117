/** A line of a message that a search has found, with what was found in it marked. */
import { h } from "../lib/dom.js";
import { emojiLine } from "./emoji-line.js";

/**
 * With pictures of emoji; one of which a part of the name was found is marked as a whole.
 * @param {import("../lib/hit-text.js").Part[]} parts
 */
export function hitLine(parts) {
  /** @type {[number, number][]} */
  const hits = [];
  let end = 0;
  for (const { text, hit } of parts) {
    if (hit) hits.push([end, end + text.length]);
    end += text.length;
  }
  let at = 0;
  return emojiLine(parts.map(({ text }) => text).join("")).map((piece) => {
    const from = at;
    at += (typeof piece === "string" ? piece : (piece.textContent ?? "")).length;
    const found = hits.filter(([first, last]) => first < at && last > from);
    if (typeof piece !== "string") return found.length ? h("mark", null, piece) : piece;
    let shown = 0;
    const marked = found.flatMap(([first, last]) => {
      const before = piece.slice(shown, Math.max(0, first - from));
      shown = last - from;
      return [before, h("mark", null, piece.slice(Math.max(0, first - from), shown))];
    });
    return [...marked, piece.slice(shown)];
  });
}
