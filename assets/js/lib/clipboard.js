/** Puts text on the clipboard. */
import { h } from "./dom.js";

/**
 * @param {string} text
 * @returns {Promise<boolean>} false: the browser refuses it
 */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // The newer interface is only there on https, and may be refused.
    return copySelected(text);
  }
}

// Internal

/** @param {string} text */
function copySelected(text) {
  const before = /** @type {HTMLElement|null} */ (document.activeElement);
  const field = h("textarea", { class: "visually-hidden", readonly: true, value: text });
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus({ preventScroll: true });
  return done;
}
