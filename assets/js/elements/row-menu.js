/**
 * A menu: what can be done with a row, a message or a room. One for all rows of a list. Arrow keys
 * go from item to item, Tab and Escape close it; the focus returns to what opened it.
 */
import { fill, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { place } from "../lib/popover.js";

/**
 * @typedef {object} MenuItem
 * @property {string} name
 * @property {string} label
 * @property {() => unknown} does
 * @property {string} [picture]
 * @property {string} [hint] a key that does the same
 * @property {boolean} [checked] of something that is on or off
 * @property {boolean} [apart] a line stands above it
 * @property {boolean} [danger]
 */

export class RowMenu extends HTMLElement {
  /** @type {HTMLElement|null} what opened it */
  #opener = null;
  /** @type {HTMLElement|null} gets the focus when that is gone */
  #place = null;
  #sheet = h("div", {
    class: "popover menu",
    popover: "auto",
    role: "menu",
    // The key that opens it may ask for the browser's menu as well.
    oncontextmenu: (/** @type {Event} */ event) => event.preventDefault(),
    onkeydown: (/** @type {KeyboardEvent} */ event) => this.#moved(event),
    ontoggle: (/** @type {ToggleEvent} */ event) => {
      if (event.newState === "open" || !this.#opener) return;
      this.#tell(null);
      if (document.activeElement === document.body) this.#place?.focus();
    },
  });

  // Lifecycle

  connectedCallback() {
    this.append(this.#sheet);
  }

  // Actions

  /**
   * @param {HTMLElement} opener
   * @param {string} label
   * @param {MenuItem[]} items
   * @param {HTMLElement} [around] what gets the focus when the opener is gone
   */
  open(opener, label, items, around = opener) {
    this.#opener = opener;
    this.#place = around;
    fill(
      set(this.#sheet, { "aria-label": label }),
      items.flatMap((item) => [item.apart && h("hr"), this.#item(item)]),
    );
    this.#sheet.showPopover();
    this.#tell("true");
    place(this.#sheet, opener, "below");
    this.#items[0]?.focus();
  }

  // Internal

  /** @param {MenuItem} item */
  #item({ name, label, does, picture, hint, checked, danger }) {
    const onclick = () => {
      this.#sheet.hidePopover();
      does();
    };
    return h(
      "button",
      {
        class: `pick media ${name}${danger ? " danger" : ""}`,
        type: "button",
        role: checked === undefined ? "menuitem" : "menuitemcheckbox",
        "aria-checked": checked === undefined ? null : String(checked),
        tabindex: "-1",
        onclick,
      },
      picture && icon(picture),
      h("span", null, label),
      hint && h("span", { class: "meta", "aria-hidden": "true" }, hint),
      checked && icon("check"),
    );
  }

  /**
   * A button says whether its menu is open; a message, whose key opens it, has no such state.
   * @param {string|null} open
   */
  #tell(open) {
    if (this.#opener?.ariaHasPopup) set(this.#opener, { "aria-expanded": open });
  }

  get #items() {
    return /** @type {HTMLElement[]} */ ([...this.#sheet.querySelectorAll("button")]);
  }

  /** @param {KeyboardEvent} event */
  #moved(event) {
    if (event.key === "Tab") return this.#sheet.hidePopover();
    const all = this.#items;
    const now = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = {
      ArrowDown: all[(now + 1) % all.length],
      ArrowUp: all.at(now - 1),
      Home: all[0],
      End: all.at(-1),
    }[event.key];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

customElements.define("row-menu", RowMenu);
