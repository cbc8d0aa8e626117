/** How keys are called on the computer at hand. */

/** @type {Record<string, string>} */
const MAC = { Ctrl: "⌘", Alt: "⌥", Shift: "⇧" };

/** Is it a Macintosh, where ⌘ takes the place of Ctrl? */
export function isMac() {
  return /mac|iphone|ipad/i.test(navigator.platform);
}

/** @param {string} name */
export function keyName(name) {
  return (isMac() && MAC[name]) || name;
}

/** All keys of a shortcut in one word. @param {string[]} names */
export function keyNames(names) {
  return names.map(keyName).join(isMac() ? "" : "+");
}
