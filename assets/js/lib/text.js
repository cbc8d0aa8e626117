/** Small questions about text: script, mention, links, length. Pure. */

/**
 * The language to mark a text with, so that the right font and the right line breaks are used.
 * @param {string|null|undefined} text
 * @returns {"ko"|"ja"|"zh"|"ru"|""}
 */
export function langOf(text) {
  if (!text) return "";
  if (/\p{Script=Hangul}/u.test(text)) return "ko";
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)) return "ja";
  if (/\p{Script=Han}/u.test(text)) return "zh";
  if (/\p{Script=Cyrillic}/u.test(text)) return "ru";
  return "";
}

/**
 * Does the text hold `@` and the login name as a whole word, without regard to case?
 * @param {string|undefined} text
 * @param {string|undefined} login
 */
export function isMention(text, login) {
  if (!text || !login) return false;
  const folded = text.normalize("NFC").toLowerCase();
  const name = `@${login.normalize("NFC").toLowerCase()}`;
  const wordy = /[\p{L}\p{N}_]/u;
  for (let at = folded.indexOf(name); at >= 0; at = folded.indexOf(name, at + 1)) {
    const before = [...folded.slice(Math.max(0, at - 2), at)].at(-1) ?? "";
    const after = [...folded.slice(at + name.length, at + name.length + 2)][0] ?? "";
    if (!wordy.test(before) && !wordy.test(after)) return true;
  }
  return false;
}

/**
 * Cuts a text into plain parts and links. Only http and https; marks that end a sentence stay outside, as does a closing
 * bracket that was not opened inside.
 * @param {string} text
 * @returns {{text: string, href?: string}[]}
 */
export function linkParts(text) {
  /** @type {{text: string, href?: string}[]} */
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"“”«»]+/giu)) {
    let link = match[0].replace(/[.,:;!?'’…。、，；：！？]+$/u, "");
    while (link.endsWith(")") && (link.match(/\(/g)?.length ?? 0) < (link.match(/\)/g)?.length ?? 0)) link = link.slice(0, -1);
    if (!URL.canParse(link) || !new URL(link).hostname) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    parts.push({ text: link, href: new URL(link).href });
    end = match.index + link.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/**
 * Unicode code points, as the server counts them.
 * @param {string} text
 */
export function lengthOf(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/**
 * One line for a snippet or a quote.
 * @param {string} text
 */
export function oneLine(text) {
  return text.replace(/\s+/gu, " ").trim().slice(0, 200);
}
