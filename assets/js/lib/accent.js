/** The accent colour of the server: its hue, at lightnesses that keep the contrast of texts. */

/** For light and for dark surfaces: lightness, and the most of the colour’s saturation. */
const SHADES = /** @type {const} */ ({
  "--accent": [".46 min(c, .14)", ".79 min(c, .12)"],
  "--accent-fill": [".48 min(c, .15)", ".79 min(c, .12)"],
  "--accent-hover": [".41 min(c, .14)", ".85 min(c, .1)"],
  "--on-accent": ["1 0", ".2 min(c, .04)"],
  "--accent-soft": [".945 min(c, .035)", ".31 min(c, .05)"],
  "--accent-faint": [".98 min(c, .012)", ".23 min(c, .02)"],
});

/**
 * Shows a part of the page in a colour.
 * @param {string} accent #rrggbb, "" for that of the style
 * @param {HTMLElement} [part]
 */
export function showAccent(accent, { style } = document.documentElement) {
  for (const [name, shades] of Object.entries(SHADES)) {
    const [light, dark] = shades.map((shade) => `oklch(from ${accent} ${shade} h)`);
    if (accent) style.setProperty(name, `light-dark(${light}, ${dark})`);
    else style.removeProperty(name);
  }
}
