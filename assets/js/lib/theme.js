/** System, light or dark; kept between visits. js/theme.js sets it before the first paint. */

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

/** @returns {boolean} */
export function isDark() {
  return theme() ? theme() === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
