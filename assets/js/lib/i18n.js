/**
 * Words from assets/i18n/*.json, those that the first paint does not need from i18n/lazy/. A
 * message is a sentence with {places}, or one sentence per plural form of {n}.
 */

export const LANGUAGES = /** @type {const} */ ({
  en: "English",
  ko: "한국어",
  ru: "Русский",
  zh: "中文",
});

/** @type {Record<string, string|Record<string, string>>} */
let words = {};
let current = "en";
let plural = new Intl.PluralRules("en");

/** @returns {string} the language in use */
export function lang() {
  return current;
}

/** The same with the reader's region, for dates. @returns {string} */
export function locale() {
  return (
    (globalThis.navigator?.languages ?? []).find(
      (tag) => tag === current || tag.startsWith(`${current}-`),
    ) ?? current
  );
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
  words = dictionary;
  current = language;
  plural = new Intl.PluralRules(language);
}

/** The words of what comes later are there, or on their way. @type {Promise<void>|null} */
let rest = null;

/** @param {string} name @returns {Promise<Record<string, string|Record<string, string>>>} */
async function read(name) {
  const answer = await fetch(`i18n/${name}.json`);
  if (!answer.ok) throw new TypeError(answer.statusText);
  return answer.json();
}

/** Fetches the words of what comes later. After a failure the next call tries again. */
export function loadLazyTexts() {
  const language = current;
  rest ??= read(`lazy/${language}`)
    .then((found) => {
      if (language === current) words = { ...words, ...found };
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
 * The same with nodes in the places, for names that need their own element.
 * @template {Node|string|number} V
 * @param {string} key
 * @param {Record<string, V>} places
 * @returns {(V|string)[]}
 */
export function parts(key, places) {
  const entry = words[key];
  const sentence =
    typeof entry === "object"
      ? (entry[plural.select(Number(places.n))] ?? entry.other)
      : (entry ?? key);
  return sentence
    .split(/(\{\w+\})/)
    .filter(Boolean)
    .map((part) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      return name !== undefined && name in places ? places[name] : part;
    });
}

/**
 * @param {string} key
 * @returns {boolean}
 */
export function has(key) {
  return key in words;
}
