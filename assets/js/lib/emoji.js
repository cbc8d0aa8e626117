/**
 * All emoji, with their names and words in English and in the language of the page, from
 * assets/emoji/ (.ci/emoji tells how a line is read). Fetched when they are first needed.
 */

/**
 * @typedef {object} Emoji
 * @property {string} glyph
 * @property {string} [picture] address of the picture of a custom one
 * @property {string} group
 * @property {boolean} toned it takes skin tones
 * @property {boolean} frequent
 * @property {number} version of Unicode; 0: every computer has it
 * @property {string} name in the language of the page
 * @property {string[]} words short names, the first one is written between colons; then the name
 * @property {string[]} more other words
 */

const LINE = /^(\S+?)(\+?)(!?)(\d*) (.*)$/u;
/** How far the letters of flags are from those of the codes of countries. */
const REGIONAL = 0x1f1e6 - 0x41;
const COUNTRY = /^[\u{1f1e6}-\u{1f1ff}]{2}$/u;
const TONES = ["", "\u{1f3fb}", "\u{1f3fc}", "\u{1f3fd}", "\u{1f3fe}", "\u{1f3ff}"];
const HANDS = "\u{1f91d}";

/**
 * @param {string[]} lines of English
 * @param {string[]|null} own those of the language of the page; null: it is English
 * @param {(country: string) => string} countryName in the language of the page
 * @param {(country: string) => string} englishName
 * @returns {Emoji[]}
 */
export function parseEmoji(lines, own, countryName, englishName) {
  let group = "";
  return lines.flatMap((line, index) => {
    if (line.startsWith("= ")) {
      group = line.slice(2);
      return [];
    }
    const [, glyph, toned, frequent, version, rest] = /** @type {string[]} */ (LINE.exec(line));
    const [title, short = "", more = ""] = rest.split("|");
    const [ownTitle, ownMore = ""] = own ? (own[index] ?? "").split("|") : [title];
    const country = COUNTRY.test(glyph) ? countryOf(glyph) : "";
    const english = country ? englishName(country) : title;
    const name = country ? countryName(country) : ownTitle;
    const snake = (/** @type {string} */ text) => text.replaceAll(/[\s:,]+/gu, "_").toLowerCase();
    return {
      glyph,
      group,
      toned: toned !== "",
      frequent: frequent !== "",
      version: Number(version),
      name,
      words: [...new Set([...wordsIn(short), snake(english), snake(name)])],
      more: [...new Set([english, name, ownMore, more].flatMap(wordsIn))],
    };
  });
}

/**
 * An emoji with a skin tone; in a group everybody has it.
 * @param {string} glyph
 * @param {number} tone 0: none, 1 to 5: light to dark
 */
export function withTone(glyph, tone) {
  if (!tone) return glyph;
  // Two people who hold hands: the hands between them take none.
  const joined = glyph.includes(`\u200d${HANDS}\u200d`);
  return glyph.replace(/(\p{Emoji_Modifier_Base})\ufe0f?/gu, (all, person) =>
    joined && person === HANDS ? all : person + TONES[tone],
  );
}

/** By language. @type {Map<string, Promise<Emoji[]>>} */
const loaded = new Map();

/**
 * After a failure the next call tries again.
 * @param {string} language
 */
export function loadEmoji(language) {
  let found = loaded.get(language);
  if (!found) {
    found = load(language);
    found.catch(() => loaded.delete(language));
    loaded.set(language, found);
  }
  return found;
}

// Internal

/** @param {string} text @returns {string[]} */
function wordsIn(text) {
  return text
    .toLowerCase()
    .split(/[\s:,()“”«»]+/u)
    .filter(Boolean);
}

/** @param {string} flag */
function countryOf(flag) {
  return String.fromCharCode(...[...flag].map((letter) => (letter.codePointAt(0) ?? 0) - REGIONAL));
}

/** @param {string} language */
async function load(language) {
  const english = await read("en");
  const own = language === "en" ? null : await read(language);
  return parseEmoji(english, own, countriesIn(language), countriesIn("en"));
}

/** @param {string} language @returns {(country: string) => string} */
function countriesIn(language) {
  const names = new Intl.DisplayNames(language, { type: "region", fallback: "code" });
  return (country) => names.of(country) ?? country;
}

/** @param {string} language @returns {Promise<string[]>} */
async function read(language) {
  const answer = await fetch(new URL(`../../emoji/${language}.json`, import.meta.url));
  if (!answer.ok) throw new TypeError(answer.statusText);
  return answer.json();
}
