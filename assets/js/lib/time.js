/**
 * Formats times in the reader’s zone and language. Formatters are cached, because creating one is
 * slow.
 */

/** @type {Map<string, Intl.DateTimeFormat>} */
const formatters = new Map();
/** @type {Map<string, string>} */
const dayKeys = new Map();

/**
 * @param {string} lang
 * @param {Intl.DateTimeFormatOptions} options
 */
function formatter(lang, options) {
  const key = lang + JSON.stringify(options);
  let found = formatters.get(key);
  if (!found) formatters.set(key, (found = new Intl.DateTimeFormat(lang, options)));
  return found;
}

/**
 * The local day as a key, 2025-11-21.
 * @param {string} iso
 */
export function dayKey(iso) {
  let key = dayKeys.get(iso);
  if (!key) {
    const date = new Date(iso);
    key = `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
    if (dayKeys.size > 5000) dayKeys.clear();
    dayKeys.set(iso, key);
  }
  return key;
}

/**
 * 14:12
 * @param {string} iso
 * @param {string} lang
 */
export function clock(iso, lang) {
  return formatter(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(
    new Date(iso),
  );
}

/**
 * 21 November 2025 at 14:12:21
 * @param {string} iso
 * @param {string} lang
 */
export function exact(iso, lang) {
  return formatter(lang, { dateStyle: "long", timeStyle: "medium", hourCycle: "h23" }).format(
    new Date(iso),
  );
}

/**
 * 21 November 2025
 * @param {string} iso
 * @param {string} lang
 */
export function date(iso, lang) {
  return formatter(lang, { dateStyle: "long" }).format(new Date(iso));
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
    const word = new Intl.RelativeTimeFormat(lang, { numeric: "auto" }).format(-days, "day");
    return word.charAt(0).toLocaleUpperCase(lang) + word.slice(1);
  }
  const sameYear = new Date(iso).getFullYear() === now.getFullYear();
  return formatter(lang, {
    weekday: "long",
    day: "numeric",
    month: "long",
    ...(sameYear ? {} : { year: "numeric" }),
  }).format(new Date(iso));
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
  if (days < 7) return formatter(lang, { weekday: "short" }).format(new Date(iso));
  const sameYear = new Date(iso).getFullYear() === now.getFullYear();
  return formatter(
    lang,
    sameYear
      ? { day: "numeric", month: "short" }
      : { day: "numeric", month: "numeric", year: "2-digit" },
  ).format(new Date(iso));
}

/**
 * @param {string} iso
 * @param {Date} now
 */
function daysAgo(iso, now) {
  return Math.round((Date.parse(dayKey(now.toISOString())) - Date.parse(dayKey(iso))) / 86_400_000);
}
