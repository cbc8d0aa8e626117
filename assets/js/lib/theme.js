/** System, light or dark; kept between visits. js/first.js sets it before the first paint. */
import { mediaQuery } from "./media-query.js";

/** @typedef {""|"light"|"dark"} Theme */

/** @returns {Theme} */
export function theme() {
  return /** @type {Theme} */ (document.documentElement.dataset.theme ?? "");
}

/** @param {Theme} chosen */
export function setTheme(chosen) {
  if (chosen) document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
  localStorage.setItem("theme", chosen);
}

const system = mediaQuery("(prefers-color-scheme: dark)");

/** @returns {boolean} */
export function isDark() {
  return theme() ? theme() === "dark" : system.matches;
}
