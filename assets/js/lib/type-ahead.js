/**
 * Keeps what is typed while the field for which it is meant is still being loaded. It is a field
 * itself, which nobody sees, so that input methods, pasting and the keyboard of a phone work.
 */
import { h } from "./dom.js";

class TypeAhead {
  /** @type {HTMLInputElement|null} */
  #field = null;
  /** What had the focus before. @type {Element|null} */
  #before = null;
  #composing = false;

  /** Moves the focus into it. @param {Element} host @param {string} label */
  open(host, label) {
    if (!this.#field) {
      this.#before = document.activeElement;
      this.#composing = false;
      this.#field = this.#make(label);
      host.append(this.#field);
    }
    this.#field.focus({ preventScroll: true });
  }

  /**
   * Returns what was typed, after the end of a composition, and the focus to where it was.
   * @returns {Promise<string>} "" if it was not open
   */
  async take() {
    const field = this.#field;
    if (!field) return "";
    if (this.#composing)
      await new Promise((done) => field.addEventListener("compositionend", done, { once: true }));
    if (field !== this.#field) return "";
    this.drop();
    return field.value;
  }

  /** Whoever waits for the text gets none. */
  drop() {
    const field = this.#field;
    if (!field) return;
    this.#field = null;
    if (document.activeElement === field)
      /** @type {HTMLElement|null} */ (this.#before)?.focus({ preventScroll: true });
    field.remove();
  }

  // Internal

  /** @param {string} label */
  #make(label) {
    return h("input", {
      type: "text",
      class: "ahead visually-hidden",
      "aria-label": label,
      autocomplete: "off",
      oncompositionstart: () => {
        this.#composing = true;
      },
      oncompositionend: () => {
        this.#composing = false;
      },
      onkeydown: (/** @type {KeyboardEvent} */ { key, isComposing }) => {
        if (key === "Escape" && !isComposing) this.drop();
      },
      // If the whole window loses the focus, the field keeps it within the page.
      onblur: (/** @type {Event} */ { target }) => {
        if (document.activeElement !== target) this.drop();
      },
    });
  }
}

export const typeAhead = new TypeAhead();
