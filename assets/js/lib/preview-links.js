/** The links of a message that may have a preview, as the server finds them (model/links.rs). Pure. */
import { linkAt } from "./text.js";

/**
 * What a link in a message leads to.
 * @typedef {object} LinkPreview
 * @property {string} url as it stands in the text
 * @property {string} title
 * @property {string} [description]
 * @property {string} siteName
 * @property {{key: string, width: number, height: number}} [picture]
 */

/** As many as the server shows of one message. */
const MOST = 3;

/**
 * Each once, as they stand in the text. A link in `<…>` is left out, by which its author removes the
 * preview, and so is one in code.
 * @param {string} content
 * @returns {string[]}
 */
export function previewLinks(content) {
  return [...new Set(places(content).map(({ link }) => link))].slice(0, MOST);
}

/**
 * The text with a link in `<…>`, wherever it stands.
 * @param {string} content
 * @param {string} wanted
 * @returns {string}
 */
export function withoutPreview(content, wanted) {
  let text = "";
  let from = 0;
  for (const { at, link } of places(content)) {
    if (link !== wanted) continue;
    text += `${content.slice(from, at)}<${link}>`;
    from = at + link.length;
  }
  return text + content.slice(from);
}

// Internal

/** @param {string} content @returns {{at: number, link: string}[]} */
function places(content) {
  const found = [];
  for (let at = 0; at < content.length;) {
    const run = /^`+/u.exec(content.slice(at))?.[0];
    if (run) {
      at = endOfCode(content, at + run.length, run.length);
      continue;
    }
    const link = "hH".includes(content[at]) ? (linkAt(content, at)?.text ?? "") : "";
    const end = at + link.length;
    if (link && !(content[at - 1] === "<" && content[end] === ">")) found.push({ at, link });
    at = Math.max(end, at + 1);
  }
  return found;
}

/**
 * Behind the code that begins here; here when nothing closes it.
 * @param {string} content
 * @param {number} from
 * @param {number} run how many backticks opened it
 */
function endOfCode(content, from, run) {
  for (const { 0: marks, index } of content.slice(from).matchAll(/`+/gu))
    if (marks.length === run) return from + index + run;
  return from;
}
