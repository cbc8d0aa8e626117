/** The menu of a row: what can be done with it. One for all rows of a list. */
import { fill, h, set } from "../lib/dom.js";
import { place } from "../lib/popover.js";

/** @typedef {{name: string, label: string, danger?: boolean, does: () => unknown}} MenuItem */

export class RowMenu extends HTMLElement {
  /** @type {HTMLElement|null} what opened it */
  #opener = null;
  #sheet = h("div", {
    class: "popover menu",
    popover: "auto",
    role: "menu",
    onkeydown: (/** @type {KeyboardEvent} */ event) => this.#moved(event),
    ontoggle: (/** @type {ToggleEvent} */ event) => {
      if (event.newState === "closed" && this.#opener)
        set(this.#opener, { "aria-expanded": false });
    },
  });

  // Lifecycle

  connectedCallback() {
    this.append(this.#sheet);
  }

  // Actions

  /** @param {HTMLElement} opener @param {string} label @param {MenuItem[]} items */
  open(opener, label, items) {
    this.#opener = opener;
    fill(
      set(this.#sheet, { "aria-label": label }),
      items.map((item) =>
        h(
          "button",
          {
            class: item.danger ? `pick danger ${item.name}` : `pick ${item.name}`,
            type: "button",
            role: "menuitem",
            onclick: () => {
              this.#sheet.hidePopover();
              item.does();
            },
          },
          item.label,
        ),
      ),
    );
    this.#sheet.showPopover();
    set(opener, { "aria-expanded": "true" });
    place(this.#sheet, opener, "below");
    /** @type {HTMLElement|null} */ (this.#sheet.firstElementChild)?.focus();
  }

  // Internal

  /** @param {KeyboardEvent} event */
  #moved(event) {
    const all = /** @type {HTMLElement[]} */ ([...this.#sheet.children]);
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
