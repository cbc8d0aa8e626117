/**
 * Mentions, by the rule of the server: of all login names that could begin at an `@`, the longest of
 * a participant. Pure.
 */

/**
 * Who may be mentioned.
 * @typedef {{me: string, knows: (login: string) => boolean, version?: number}} People me: my login
 *   name; version: changes with whom it knows
 */

/** The longest login name. */
const LONGEST = 64;
const LETTER = /[\p{L}\p{N}\p{M}]/u;
/** Scripts whose particles follow a name without a space. */
const UNSPACED =
  /[\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}\u30fc\uff70]/u;
/** What a login name may hold, by itself or between certain letters. */
const PART = /[!-.0-~\p{L}\p{N}\p{M}\u00b7\u0375\u05f3\u05f4\u200c\u200d\u30fb]/u;

/**
 * Login names are compared like this.
 * @param {string} login
 */
export function folded(login) {
  return login.normalize("NFC").toLowerCase();
}

/** @param {string} one @param {string} other */
export function sameName(one, other) {
  return folded(one) === folded(other);
}

/**
 * The login name that is mentioned at a place.
 * @param {string} text
 * @param {number} at of the `@`
 * @param {(login: string) => boolean} knows is it a participant?
 * @returns {string} as written; "" for none
 */
export function mentionAt(text, at, knows) {
  const before = [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? "";
  if (LETTER.test(before) && !UNSPACED.test(before)) return "";
  const names = [];
  let name = "";
  for (const char of `${text.slice(at + 1, at + 2 * LONGEST + 3)} `) {
    const part = PART.test(char);
    if (name && (!part || !LETTER.test(char) || UNSPACED.test(char))) names.push(name);
    if (!part || names.length > LONGEST) break;
    name += char;
  }
  return names.findLast((candidate) => knows(candidate)) ?? "";
}
