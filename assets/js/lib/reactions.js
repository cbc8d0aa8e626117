/** Reactions: five names of the API, or any emoji. Pure. */

/** @type {Record<string, string>} */
const WORDS = { like: "👍", love: "❤️", laugh: "😂", sad: "😢", angry: "😠" };

/** What the picker offers, as the wire spells it. */
export const OFFERED = [
  "like",
  "love",
  "laugh",
  "sad",
  "angry",
  "🎉",
  "🙏",
  "👀",
  "🚀",
  "✅",
  "👌",
  "🔥",
];

/**
 * @param {string} type
 * @returns {string} what to draw
 */
export function glyph(type) {
  return WORDS[type] ?? type;
}

/**
 * @param {string} type
 * @returns {boolean} true when the language files have a name for it
 */
export function isWord(type) {
  return type in WORDS;
}
