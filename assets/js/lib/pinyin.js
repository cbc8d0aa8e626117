/**
 * The first letter of a Chinese character in pinyin. The browser sorts characters by pinyin, so the
 * first character of each letter tells where a letter begins. Pure.
 *
 * A character with several readings has the one that it is sorted by.
 */

/** No syllable begins with i, u or v. */
const LETTERS = "abcdefghjklmnopqrstwxyz";
/** The first character of each letter in this order. */
const FIRST = [..."吖八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥仨他屲夕丫帀"];
const HAN = /^\p{Script=Han}$/u;

/** Made with the first character. @type {((a: string, b: string) => number)|null|undefined} */
let compare;
/** @type {Map<string, string>} */
const known = new Map();

/** @param {string} letter one character @returns {string} "" when it has none */
export function pinyinInitial(letter) {
  let found = known.get(letter);
  if (found === undefined) {
    found = HAN.test(letter) ? initialOf(letter) : "";
    known.set(letter, found);
  }
  return found;
}

// Internal

/** @param {string} character */
function initialOf(character) {
  compare = compare === undefined ? pinyinOrder() : compare;
  if (!compare) return "";
  const before = compare;
  return LETTERS[FIRST.findLastIndex((first) => before(first, character) <= 0)] ?? "";
}

/** Null where the browser does not know this order. */
function pinyinOrder() {
  const order = new Intl.Collator("zh-u-co-pinyin").compare;
  return FIRST.every((first, at) => at === 0 || order(FIRST[at - 1], first) < 0) ? order : null;
}
