/** Which emoji were used last, in which skin tone, and which ones this computer can draw. */

/** Where it is kept, and how many. */
const KEY = "emoji";
const TONE = "emoji-tone";
const MOST = 24;
/** One of each version that not every computer has, the newest first. */
const SAMPLES = /** @type {const} */ ([
  [17, "\u{1faea}"],
  [16, "\u{1fae9}"],
  [15, "\u{1fae8}"],
  [14, "\u{1fae0}"],
]);
const COMMON = 13;
const SIZE = 16;

/** @returns {string[]} the newest first */
export function recentEmoji() {
  return (localStorage.getItem(KEY) ?? "").split(" ").filter(Boolean);
}

/** @param {string} glyph */
export function keepEmoji(glyph) {
  const all = [glyph, ...recentEmoji().filter((other) => other !== glyph)];
  localStorage.setItem(KEY, all.slice(0, MOST).join(" "));
}

/** @returns {number} 0: none, 1 to 5: light to dark */
export function skinTone() {
  return Number(localStorage.getItem(TONE) ?? 0) || 0;
}

/** @param {number} tone */
export function keepSkinTone(tone) {
  localStorage.setItem(TONE, String(tone));
}

/** @type {number|undefined} */
let newest;

/** The newest version of Unicode whose emoji are drawn here. */
export function newestVersion() {
  newest ??= measure();
  return newest;
}

// Internal

function measure() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  // Without coloured emoji nothing can be told.
  if (!pen || !isColoured(pen, "\u{1f600}")) return Infinity;
  return SAMPLES.find(([, glyph]) => isColoured(pen, glyph))?.[0] ?? COMMON;
}

/** What is missing is drawn as an empty box, in the colour of the pen. @param {CanvasRenderingContext2D} pen @param {string} glyph */
function isColoured(pen, glyph) {
  pen.clearRect(0, 0, SIZE, SIZE);
  pen.font = `${SIZE - 4}px sans-serif`;
  pen.textBaseline = "top";
  pen.fillText(glyph, 0, 0);
  const { data } = pen.getImageData(0, 0, SIZE, SIZE);
  for (let at = 0; at < data.length; at += 4)
    if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return true;
  return false;
}
