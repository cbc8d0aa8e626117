/** A field for a code: phones show digits for that of an app, and offer what they received. */
import { h } from "../lib/dom.js";

/** @param {string} id @param {boolean} [recovery] for a recovery code, which has letters */
export function codeInput(id, recovery = false) {
  return h("input", {
    class: "input code",
    id,
    type: "text",
    inputmode: recovery ? "text" : "numeric",
    autocomplete: recovery ? "off" : "one-time-code",
    autocapitalize: "none",
    spellcheck: "false",
  });
}
