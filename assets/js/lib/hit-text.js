/**
 * What is shown of a message that a search has found: its words, as they are read in a conversation,
 * with what was found in them. Pure.
 */
import { highlightParts } from "./highlight.js";
import { plainText } from "./markdown.js";

/** @typedef {{text: string, hit: boolean}} Part */

/** Put around what was found, and where the snippet was cut, while a text loses its marks. */
const [FROM, TO, CUT] = ["\uE000", "\uE001", "\uE002"];
const MARKERS = /[\uE000-\uE002]/gu;
/** What is shown before the first hit and in all, in UTF-16 units, if it is not known from the snippet. */
const BEFORE = 40;
const SHOWN = 200;

/**
 * @param {object} hit
 * @param {string} hit.snippet a part of the message as it was written, with … where it was cut
 * @param {[number, number][]} hit.highlights in code points of the snippet
 * @param {string} hit.content the whole message
 * @returns {Part[]}
 */
export function hitParts({ snippet, highlights, content }) {
  const written = highlightParts(snippet, highlights);
  const place = placeOf(snippet, content);
  if (!place || content.search(MARKERS) >= 0) return written;
  const plain = oneLine(plainText(content));
  const marked = oneLine(plainText(withMarkers(written, place, content)));
  const parts =
    marked.replace(MARKERS, "") === plain ? fromMarkers(marked) : fromWords(written, plain);
  // What was found only in something that is not shown, such as an address, is shown as written.
  return highlights.length > 0 && !parts.some(({ hit }) => hit) ? written : parts;
}

// Internal

/** @typedef {{at: number, start: number, end: number}} Place where it begins, and whether it was cut */

/**
 * Where a snippet stands in its message; null when the message has changed since.
 * @param {string} snippet
 * @param {string} content
 * @returns {Place|null}
 */
function placeOf(snippet, content) {
  for (const [start, end] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]) {
    if ((start && !snippet.startsWith("…")) || (end && !snippet.endsWith("…"))) continue;
    const core = snippet.slice(start, snippet.length - end);
    const at = start && !end ? content.length - core.length : content.indexOf(core);
    const fits = (start || at === 0) && (end || at + core.length === content.length);
    if (at >= 0 && fits && content.startsWith(core, at)) return { at, start, end };
  }
  return null;
}

/**
 * The whole message with markers.
 * @param {Part[]} written
 * @param {Place} place
 * @param {string} content
 */
function withMarkers(written, { at, start, end }, content) {
  const all = written.map(({ text, hit }) => (hit ? FROM + text + TO : text)).join("");
  const core = all.slice(start, all.length - end);
  const length = core.replace(MARKERS, "").length;
  const [before, after] = [content.slice(0, at), content.slice(at + length)];
  return `${before}${start ? CUT : ""}${core}${end ? CUT : ""}${after}`;
}

/**
 * The part that is shown of a text with markers.
 * @param {string} marked
 */
function fromMarkers(marked) {
  /** @type {[number, number][]} */
  const hits = [];
  /** @type {number[]} */
  const cuts = [];
  let [at, from] = [0, 0];
  for (const char of marked) {
    if (char === FROM) from = at;
    else if (char === TO) hits.push([from, at]);
    else if (char === CUT) cuts.push(at);
    else at += char.length;
  }
  const first = hits[0]?.[0] ?? 0;
  const start = cuts.findLast((cut) => cut <= first) ?? (cuts.length ? first - BEFORE : 0);
  const end = cuts.find((cut) => cut > first);
  return shown(marked.replace(MARKERS, ""), hits, start, end);
}

/**
 * Finds the same words, one after the other, in a text that markers would change.
 * @param {Part[]} written
 * @param {string} plain
 */
function fromWords(written, plain) {
  /** @type {[number, number][]} */
  const hits = [];
  let end = 0;
  for (const { text, hit } of written) {
    const at = hit ? plain.indexOf(text, end) : -1;
    if (at < 0) continue;
    end = at + text.length;
    hits.push([at, end]);
  }
  return shown(plain, hits, (hits[0]?.[0] ?? 0) - BEFORE);
}

/**
 * @param {string} plain
 * @param {[number, number][]} hits
 * @param {number} from
 * @param {number} [to]
 * @returns {Part[]}
 */
function shown(plain, hits, from, to) {
  const start = whole(plain, Math.max(0, from));
  const end = whole(plain, Math.min(plain.length, to ?? start + SHOWN));
  /** @type {Part[]} */
  const parts = [];
  const add = (/** @type {string} */ text, /** @type {boolean} */ hit) => {
    if (text) parts.push({ text, hit });
  };
  let at = start;
  for (const [first, last] of hits) {
    if (last <= at || first >= end) continue;
    add(plain.slice(at, Math.max(at, first)), false);
    add(plain.slice(Math.max(at, first), Math.min(last, end)), true);
    at = Math.min(last, end);
  }
  add(plain.slice(at, end), false);
  if (start > 0) parts.unshift({ text: "…", hit: false });
  if (end < plain.length) parts.push({ text: "…", hit: false });
  return parts;
}

/** Not between the halves of a letter. @param {string} text @param {number} at */
function whole(text, at) {
  return /[\uDC00-\uDFFF]/.test(text[at] ?? "") ? at - 1 : at;
}

/** @param {string} text */
function oneLine(text) {
  return text.replace(/\s+/gu, " ").trim();
}
