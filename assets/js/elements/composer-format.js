/**
 * Formats the message being written: keys, an address pasted over words, a new line in a list, and a
 * bar of buttons that can be shown. The bar is loaded when it is first shown, the rules after the
 * page is.
 */
import { h, set } from "../lib/dom.js";
import { replaceText } from "../lib/edit.js";
import { t } from "../lib/i18n.js";
import { icon } from "../lib/icons.js";
import { isMac } from "../lib/keys.js";
import { lazy } from "./lazy.js";

/** @import {Edit, Format} from "../lib/format.js" */
/** @import {FormatBar} from "./format-bar.js" */

/** Where it is kept whether the bar is shown. */
const KEY = "format";

export class ComposerFormat {
  #field;
  #row;
  /** @type {FormatBar|null} */
  #bar = null;
  /** @type {typeof import("../lib/format.js")|null} */
  #rules = null;
  button = h(
    "button",
    {
      class: "icon-button format",
      type: "button",
      "aria-label": t("composer.format"),
      title: t("composer.format"),
      "aria-expanded": "false",
      onclick: () => this.#toggle(!this.#shown),
    },
    icon("format"),
  );

  /**
   * @param {HTMLTextAreaElement} field
   * @param {HTMLElement} row the bar stands before it
   */
  constructor(field, row) {
    this.#field = field;
    this.#row = row;
    field.addEventListener("paste", (event) => this.#pasted(event));
    this.#loadRules().catch(() => undefined);
    if (localStorage.getItem(KEY) === "on") this.#toggle(true);
  }

  // Actions

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} the key was for the format
   */
  pressed(event) {
    const format = this.#rules?.formatOf(event, isMac());
    if (format) this.apply(format);
    else if (!isNewLine(event) || !this.#change(this.#nextItem())) return false;
    event.preventDefault();
    return true;
  }

  /** @param {Format} format */
  apply(format) {
    const { value, selectionStart, selectionEnd } = this.#field;
    this.#change(this.#rules?.formatted(format, value, selectionStart, selectionEnd));
  }

  // Internal

  async #loadRules() {
    this.#rules = await import("../lib/format.js");
  }

  get #shown() {
    return this.button.getAttribute("aria-expanded") === "true";
  }

  #nextItem() {
    const { value, selectionStart, selectionEnd } = this.#field;
    return selectionStart === selectionEnd ? this.#rules?.continued(value, selectionStart) : null;
  }

  /** @param {Edit|null|undefined} edit @returns {boolean} something was changed */
  #change(edit) {
    if (edit) replaceText(this.#field, edit);
    return Boolean(edit);
  }

  /** @param {ClipboardEvent} event */
  #pasted(event) {
    const { value, selectionStart, selectionEnd } = this.#field;
    const pasted = event.clipboardData?.getData("text/plain") ?? "";
    const edit = this.#rules?.linked(value, selectionStart, selectionEnd, pasted);
    if (this.#change(edit)) event.preventDefault();
  }

  /** @param {boolean} shown */
  async #toggle(shown) {
    set(this.button, { "aria-expanded": String(shown) });
    localStorage.setItem(KEY, shown ? "on" : "off");
    if (shown && !this.#bar) {
      // Without a network the button goes back.
      await lazy("format-bar").catch(() => set(this.button, { "aria-expanded": "false" }));
      if (this.#bar || !customElements.get("format-bar")) return;
      this.#bar = /** @type {FormatBar} */ (document.createElement("format-bar"));
      this.#bar.apply = (format) => this.apply(format);
      this.#row.before(this.#bar);
    }
    if (this.#bar) this.#bar.hidden = !this.#shown;
  }
}

// Internal

/** @param {KeyboardEvent} event */
function isNewLine({ key, shiftKey, ctrlKey, altKey, metaKey }) {
  return key === "Enter" && shiftKey && !ctrlKey && !altKey && !metaKey;
}
