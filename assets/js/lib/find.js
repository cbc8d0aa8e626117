/**
 * Finds names by any part of them, in any script: without regard to case and accents, Korean also
 * by initial consonants (ㄱㅁㅈ finds 김민준) and while a syllable is being typed, Chinese also by the
 * first letters of pinyin (zjl finds 周杰伦). Pure.
 */
import { pinyinInitial } from "./pinyin.js";

const INITIALS = [..."ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"];
const FINALS = ["", ..."ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"];
/** Keyboards join two consonants that could end a syllable. @type {Record<string, string>} */
const PAIRS = {
  ㄳ: "ㄱㅅ",
  ㄵ: "ㄴㅈ",
  ㄶ: "ㄴㅎ",
  ㄺ: "ㄹㄱ",
  ㄻ: "ㄹㅁ",
  ㄼ: "ㄹㅂ",
  ㄽ: "ㄹㅅ",
  ㄾ: "ㄹㅌ",
  ㄿ: "ㄹㅍ",
  ㅀ: "ㄹㅎ",
  ㅄ: "ㅂㅅ",
};
const FIRST_SYLLABLE = 0xac00;
const SYLLABLES = 11_172;
const VOWELS = 21;

/**
 * @typedef {object} Match
 * @property {number} rank 0: the name begins so, 1: a word in it does, 2: something inside of it
 * @property {[number, number][]} marks what matches: first letter and one past the last, ascending
 */

/** @typedef {{name: string, letters: string[]}} Folded */
/** @type {Map<string, Folded>} */
const known = new Map();
const KNOWN_MOST = 5000;

/**
 * @param {string} name
 * @param {string} query its words may stand anywhere in the name
 * @returns {Match|null} null: it does not match; an empty query matches everything
 */
export function findIn(name, query) {
  const { letters } = folded(name);
  /** @type {Match} */
  const match = { rank: 0, marks: [] };
  for (const word of query.split(/\s+/u).filter(Boolean)) {
    const found = readings(fold(word))
      .map((wanted) => findWord(letters, wanted))
      .filter((one) => one !== null)
      .sort((a, b) => a.rank - b.rank)[0];
    if (!found) return null;
    match.rank = Math.max(match.rank, found.rank);
    match.marks.push([found.at, found.end]);
  }
  match.marks.sort((a, b) => a[0] - b[0]);
  return match;
}

/**
 * The letters of a text, to which `marks` refer.
 * @param {string} name
 */
export function lettersOf(name) {
  return [...name.normalize("NFC")];
}

// Internal

/** @param {string} name @returns {Folded} */
function folded(name) {
  let found = known.get(name);
  if (!found) {
    if (known.size >= KNOWN_MOST) known.clear();
    found = { name, letters: fold(name) };
    known.set(name, found);
  }
  return found;
}

/** One entry for each letter. @param {string} text */
function fold(text) {
  return lettersOf(text).map((letter) =>
    letter
      .normalize("NFD")
      .replace(/[\u0300-\u036f]/gu, "")
      .normalize("NFC")
      .toLowerCase(),
  );
}

/**
 * What may be meant by what is typed: the final consonant of the last syllable may belong to the
 * next one (김 on the way to 기민).
 * @param {string[]} letters
 * @returns {string[][]}
 */
function readings(letters) {
  const typed = letters.flatMap((letter) => [...(PAIRS[letter] ?? letter)]);
  const last = typed.at(-1) ?? "";
  const final = finalOf(last);
  if (!final) return [typed];
  const open = String.fromCharCode(last.charCodeAt(0) - final);
  const begun = PAIRS[FINALS[final]] ?? FINALS[final];
  const pair = [...begun];
  const next = /** @type {string} */ (pair.pop());
  const closed = pair.length
    ? String.fromCharCode(open.charCodeAt(0) + FINALS.indexOf(pair[0]))
    : open;
  return [typed, [...typed.slice(0, -1), closed, next]];
}

/**
 * @param {string[]} letters
 * @param {string[]} wanted
 * @returns {{at: number, end: number, rank: number}|null} the best place
 */
function findWord(letters, wanted) {
  let best = null;
  for (let at = 0; at + wanted.length <= letters.length; at += 1) {
    if (!wanted.every((letter, index) => fits(letters[at + index], letter, index, wanted)))
      continue;
    const rank = rankAt(letters, at);
    if (!best || rank < best.rank) best = { at, end: at + wanted.length, rank };
    if (rank < 2) break;
  }
  return best;
}

/** @param {string[]} letters @param {number} at */
function rankAt(letters, at) {
  if (at === 0) return 0;
  return /[\p{L}\p{M}\p{N}]/u.test(letters[at - 1]) ? 2 : 1;
}

/**
 * @param {string} letter of the name
 * @param {string} wanted
 * @param {number} index
 * @param {string[]} all
 */
function fits(letter, wanted, index, all) {
  if (letter === wanted) return true;
  if (wanted >= "a" && wanted <= "z" && pinyinInitial(letter) === wanted) return true;
  const syllable = syllableOf(letter);
  if (syllable < 0) return false;
  if (INITIALS[Math.floor(syllable / (VOWELS * FINALS.length))] === wanted) return true;
  // The last syllable may not be complete yet.
  const begun = syllableOf(wanted);
  return (
    index === all.length - 1 &&
    begun >= 0 &&
    begun % FINALS.length === 0 &&
    syllable - begun > 0 &&
    syllable - begun < FINALS.length
  );
}

/** @param {string} letter @returns {number} -1 for other letters */
function syllableOf(letter) {
  const number = letter.charCodeAt(0) - FIRST_SYLLABLE;
  return letter.length === 1 && number >= 0 && number < SYLLABLES ? number : -1;
}

/** @param {string} letter @returns {number} 0 for none */
function finalOf(letter) {
  return Math.max(0, syllableOf(letter)) % FINALS.length;
}
