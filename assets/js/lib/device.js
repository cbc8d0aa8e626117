/** What a session runs on, out of what its client calls itself. Pure. */

/**
 * The more special name first: most browsers also call themselves like others.
 * @type {[RegExp, string][]}
 */
const BROWSERS = [
  [/\bEdg(?:e|A|iOS)?\//, "Edge"],
  [/\bOPR\/|\bOpera\b/, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bYaBrowser\//, "Yandex Browser"],
  [/\b(?:Whale)\//, "Whale"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\bChromium\//, "Chromium"],
  [/\b(?:Headless)?Chrome\/|\bCriOS\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];
/** @type {[RegExp, string][]} */
const SYSTEMS = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];

/**
 * @param {string|null|undefined} agent
 * @returns {{browser: string, system: string, kind: "computer"|"phone"|"tool"}} what is unknown is
 *   ""; a tool has its own name
 */
export function deviceOf(agent = "") {
  const text = agent ?? "";
  const named = (/** @type {[RegExp, string][]} */ table) =>
    table.find(([pattern]) => pattern.test(text))?.[1] ?? "";
  const browser = text.startsWith("Mozilla/") ? named(BROWSERS) : "";
  if (!browser) return { browser: text.split(/[\s/]/u)[0].slice(0, 40), system: "", kind: "tool" };
  const system = named(SYSTEMS);
  return { browser, system, kind: /\bMobile\b|iPhone|Android/.test(text) ? "phone" : "computer" };
}
