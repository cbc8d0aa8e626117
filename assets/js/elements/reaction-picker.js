/**
 * A small popover of reactions beside the button that opened it. Emits `reaction-toggle` from the
 * message.
 */
import { emit, h } from "../lib/dom.js";
import { has, t } from "../lib/i18n.js";
import { place } from "../lib/popover.js";
import { glyph, OFFERED } from "../lib/reactions.js";

/** @import {MessageRow} from "../state/rows.js" */

export class ReactionPicker extends HTMLElement {
  /** @type {MessageRow|null} */
  #row = null;
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
    this.append(this.#sheet);
  }

  // Actions

  /** @param {MessageRow} row @param {Element} at */
  open(row, at) {
    this.#row = row;
    this.#sheet.showPopover();
    place(this.#sheet, at, "above");
    /** @type {HTMLElement} */ (this.#sheet.firstElementChild).focus();
  }

  // Internal

  /** @param {string} reaction */
  #chosen(reaction) {
    this.#sheet.hidePopover();
    emit(this, "reaction-toggle", { row: this.#row, reaction });
  }
}

customElements.define("reaction-picker", ReactionPicker);
