/** Properties of a text: language, links, length. Pure. */

const WIDE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const LINK = /https?:\/\/[^\s<>"“”«»]+/iuy;

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
 * The link that begins at a place. Only http and https; marks that end a sentence or an emphasis
 * stay outside, as does a closing bracket that was not opened inside.
 * @param {string} text
 * @param {number} at
 * @returns {{text: string, href: string}|null}
 */
export function linkAt(text, at) {
  LINK.lastIndex = at;
  let link = LINK.exec(text)?.[0].replace(/[.,:;!?'’…。、，；：！？*_`]+$/u, "") ?? "";
  while (link.endsWith(")") && (link.match(/\(/g)?.length ?? 0) < (link.match(/\)/g)?.length ?? 0))
    link = link.slice(0, -1);
  if (!URL.canParse(link) || !new URL(link).hostname) return null;
  return { text: link, href: new URL(link).href };
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

/**
 * About how many lines a text takes. Letters of Chinese, Japanese and Korean are twice as wide as
 * others.
 * @param {string} text
 * @param {number} columns Latin letters in a line
 */
export function linesOf(text, columns) {
  let lines = 1;
  let width = 0;
  for (const char of text) {
    if (char === "\n" || width >= columns) {
      lines += 1;
      width = 0;
    }
    if (char !== "\n") width += char >= "\u1100" && WIDE.test(char) ? 2 : 1;
  }
  return lines;
}

/** Are marks piled up on a letter, more than any language has? @param {string} text */
export function isPiled(text) {
  return /\p{M}{3}/u.test(text);
}
