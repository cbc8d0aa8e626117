/** Puts a text into the clipboard. */
import { h } from "./dom.js";

/**
 * @param {string} text
 * @returns {Promise<boolean>} it was done
 */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Refused, or not there without https.
    return copyOld(text);
  }
}

// Internal

/** By way of a selection, which is then given back. @param {string} text */
function copyOld(text) {
  const active = /** @type {HTMLElement|null} */ (document.activeElement);
  const field = h("textarea", { class: "visually-hidden", readonly: true, value: text });
  // In a dialog nothing outside of it can be selected.
  (active?.closest("dialog") ?? document.body).append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  active?.focus({ preventScroll: true });
  return done;
}
