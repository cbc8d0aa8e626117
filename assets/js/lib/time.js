/**
 * Formats times in the reader’s zone and language. Formatters are cached, because creating one is
 * slow.
 */

/** @typedef {{formatter: Intl.DateTimeFormat, texts: Map<string, string>}} Form */

/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const FORMS = {
  clock: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  stamp: { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" },
  exact: { dateStyle: "long", timeStyle: "medium", hourCycle: "h23" },
  date: { dateStyle: "long" },
  day: { weekday: "long", day: "numeric", month: "long" },
  dayOfYear: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  weekday: { weekday: "short" },
  shortDay: { day: "numeric", month: "short" },
  shortDate: { day: "numeric", month: "numeric", year: "2-digit" },
};

/** By language, then by form. @type {Map<string, Map<string, Form>>} */
const formatters = new Map();
/** Texts that are remembered of each form: a time is shown at several places, and again and again. */
const TEXTS = 500;
/** @type {Map<string, Intl.RelativeTimeFormat>} */
const relative = new Map();
/** @type {Map<string, string>} */
const dayKeys = new Map();

/**
 * @param {string} iso
 * @param {string} lang
 * @param {string} form
 */
function format(iso, lang, form) {
  let known = formatters.get(lang);
  if (!known) formatters.set(lang, (known = new Map()));
  let found = known.get(form);
  if (!found) {
    found = { formatter: new Intl.DateTimeFormat(lang, FORMS[form]), texts: new Map() };
    known.set(form, found);
  }
  const { formatter, texts } = found;
  let text = texts.get(iso);
  if (text === undefined) {
    if (texts.size >= TEXTS) texts.clear();
    texts.set(iso, (text = formatter.format(new Date(iso))));
  }
  return text;
}

/**
 * The local day as a key, 2025-11-21.
 * @param {string} iso
 */
export function dayKey(iso) {
  let key = dayKeys.get(iso);
  if (!key) {
    key = today(new Date(iso));
    if (dayKeys.size > 5000) dayKeys.clear();
    dayKeys.set(iso, key);
  }
  return key;
}

/** The same of now. */
export function today(now = new Date()) {
  return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, "0")}-${String(now.getDate()).padStart(2, "0")}`;
}

/**
 * 14:12
 * @param {string} iso
 * @param {string} lang
 */
export function clock(iso, lang) {
  return format(iso, lang, "clock");
}

/**
 * 21 November 2025 at 14:12:21
 * @param {string} iso
 * @param {string} lang
 */
export function exact(iso, lang) {
  return format(iso, lang, "exact");
}

/**
 * 21 Nov 2025, 14:12
 * @param {string} iso
 * @param {string} lang
 */
export function stamp(iso, lang) {
  return format(iso, lang, "stamp");
}

/**
 * 21 November 2025
 * @param {string} iso
 * @param {string} lang
 */
export function date(iso, lang) {
  return format(iso, lang, "date");
}

/**
 * Heading of a day: "today", "yesterday" in the language's words, else the weekday and the date.
 * @param {string} iso
 * @param {string} lang
 * @param {Date} [now]
 */
export function day(iso, lang, now = new Date()) {
  const days = daysAgo(iso, now);
  if (days === 0 || days === 1) {
    let words = relative.get(lang);
    if (!words)
      relative.set(lang, (words = new Intl.RelativeTimeFormat(lang, { numeric: "auto" })));
    const word = words.format(-days, "day");
    return word.charAt(0).toLocaleUpperCase(lang) + word.slice(1);
  }
  const sameYear = new Date(iso).getFullYear() === now.getFullYear();
  return format(iso, lang, sameYear ? "day" : "dayOfYear");
}

/**
 * For the list of rooms: the clock today, the weekday in the last week, else the date.
 * @param {string} iso
 * @param {string} lang
 * @param {Date} [now]
 */
export function short(iso, lang, now = new Date()) {
  const days = daysAgo(iso, now);
  if (days <= 0) return clock(iso, lang);
  if (days < 7) return format(iso, lang, "weekday");
  const sameYear = new Date(iso).getFullYear() === now.getFullYear();
  return format(iso, lang, sameYear ? "shortDay" : "shortDate");
}

/**
 * @param {string} iso
 * @param {Date} now
 */
function daysAgo(iso, now) {
  return Math.round((Date.parse(today(now)) - Date.parse(dayKey(iso))) / 86_400_000);
}
