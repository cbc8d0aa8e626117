/**
 * The texts of the page, from assets/i18n/*.json; those of lazy elements from i18n/lazy/. A text is
 * a sentence with {places}, or one sentence for each plural form of {n}.
 */

export const LANGUAGES = /** @type {const} */ ({
  en: "English",
  ko: "한국어",
  ru: "Русский",
  zh: "中文",
});

/** @type {Record<string, string|Record<string, string>>} */
let texts = {};
let current = "en";
let plural = new Intl.PluralRules("en");
let numbers = new Intl.NumberFormat("en");

/** @returns {string} the language in use */
export function lang() {
  return current;
}

/** The reader's region, and of what it was found: it is asked for several times with each message. */
const region = { of: "", among: /** @type {readonly string[]} */ ([]), found: "" };

/** The same with the reader's region, for dates. @returns {string} */
export function locale() {
  const among = globalThis.navigator?.languages ?? region.among;
  if (region.of !== current || region.among !== among) {
    region.of = current;
    region.among = among;
    region.found = among.find((tag) => tag === current || tag.startsWith(`${current}-`)) ?? current;
  }
  return region.found;
}

/**
 * The first of the wanted languages that there is.
 * @param {readonly string[]} wanted
 */
export function choose(wanted) {
  return (
    wanted.map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => tag in LANGUAGES) ?? "en"
  );
}

/**
 * @param {string} language
 * @param {Record<string, string|Record<string, string>>} dictionary
 */
export function useTexts(language, dictionary) {
  texts = dictionary;
  current = language;
  plural = new Intl.PluralRules(language);
  numbers = new Intl.NumberFormat(language);
}

/** The texts of lazy elements: loaded, or being loaded. @type {Promise<void>|null} */
let rest = null;

/** @param {string} name @returns {Promise<Record<string, string|Record<string, string>>>} */
async function read(name) {
  const answer = await fetch(new URL(`../../i18n/${name}.json`, import.meta.url));
  if (!answer.ok) throw new TypeError(answer.statusText);
  return answer.json();
}

/** Loads the texts of lazy elements. After a failure the next call tries again. */
export function loadLazyTexts() {
  const language = current;
  rest ??= read(`lazy/${language}`)
    .then((found) => {
      if (language === current) texts = { ...texts, ...found };
    })
    .catch((error) => {
      rest = null;
      throw error;
    });
  return rest;
}

/**
 * Fetches and uses a language; the choice of a person is kept.
 * @param {string} [chosen]
 */
export async function loadLanguage(chosen) {
  const language = choose([chosen ?? localStorage.getItem("lang") ?? "", ...navigator.languages]);
  if (chosen) localStorage.setItem("lang", chosen);
  const [first, later] = await Promise.all([read(language), rest && read(`lazy/${language}`)]);
  useTexts(language, { ...first, ...later });
  document.documentElement.lang = language;
}

/**
 * @param {string} key
 * @param {Record<string, string|number>} [places]
 * @returns {string}
 */
export function t(key, places = {}) {
  return parts(key, places).join("");
}

/**
 * The same with nodes in the places, for names that need an element of their own.
 * @template {Node|string|number} V
 * @param {string} key
 * @param {Record<string, V>} places
 * @returns {(V|string)[]}
 */
export function parts(key, places) {
  const entry = texts[key];
  const sentence =
    typeof entry === "object"
      ? (entry[plural.select(Number(places.n))] ?? entry.other)
      : (entry ?? key);
  return sentence
    .split(/(\{\w+\})/)
    .filter(Boolean)
    .map((part) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      if (name === undefined || !(name in places)) return part;
      const value = places[name];
      return typeof value === "number" ? numbers.format(value) : value;
    });
}

/**
 * Sentences one after another: Chinese has no space between them.
 * @param {(string|false)[]} sentences
 */
export function join(...sentences) {
  return sentences.filter(Boolean).join(current === "zh" ? "" : " ");
}

/** A number with the separators of the language. @param {number} value */
export function count(value) {
  return numbers.format(value);
}

/**
 * @param {string} key
 * @returns {boolean}
 */
export function has(key) {
  return key in texts;
}
