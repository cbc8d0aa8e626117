/**
 * A small popover of reactions beside the button that opened it, with a way to all emoji. Emits
 * `reaction-toggle`, `emoji-open`.
 */
import { emit, h } from "../lib/dom.js";
import { has, t } from "../lib/i18n.js";
import { icon } from "../lib/icons.js";
import { place } from "../lib/popover.js";
import { glyph, OFFERED } from "../lib/reactions.js";

/** @import {MessageRow} from "../state/rows.js" */

export class ReactionPicker extends HTMLElement {
  /** @type {MessageRow|null} */
  #row = null;
  /** Where the button was: it is hidden once the mouse is elsewhere. */
  #rect = new DOMRect();
  #sheet = h("div", {
    class: "popover",
    popover: "auto",
    role: "dialog",
    "aria-label": t("reaction.add"),
  });

  // Lifecycle

  connectedCallback() {
    for (const reaction of OFFERED) {
      const name = has(`reaction.${reaction}`) ? t(`reaction.${reaction}`) : reaction;
      this.#sheet.append(
        h(
          "button",
          {
            class: "icon-button",
            type: "button",
            "data-reaction": reaction,
            "aria-label": name,
            title: name,
            onclick: () => this.#chosen(reaction),
          },
          h("span", { "aria-hidden": "true" }, glyph(reaction)),
        ),
      );
    }
    const label = t("emoji.more");
    this.#sheet.append(
      h(
        "button",
        {
          class: "icon-button more",
          type: "button",
          "aria-label": label,
          title: label,
          onclick: () => this.#all(),
        },
        icon("add"),
      ),
    );
    this.append(this.#sheet);
  }

  // Actions

  /** @param {MessageRow} row @param {Element} at */
  open(row, at) {
    this.#row = row;
    this.#rect = at.getBoundingClientRect();
    this.#sheet.showPopover();
    place(this.#sheet, at, "above");
    /** @type {HTMLElement} */ (this.#sheet.firstElementChild).focus();
  }

  // Internal

  #all() {
    const row = this.#row;
    const rect = this.#rect;
    this.#sheet.hidePopover();
    emit(this, "emoji-open", {
      at: { getBoundingClientRect: () => rect },
      insert: (/** @type {string} */ reaction) => emit(this, "reaction-toggle", { row, reaction }),
    });
  }

  /** @param {string} reaction */
  #chosen(reaction) {
    this.#sheet.hidePopover();
    emit(this, "reaction-toggle", { row: this.#row, reaction });
  }
}

customElements.define("reaction-picker", ReactionPicker);
