/**
 * A small popover of reactions beside the button that opened it. Emits `reaction-toggle` from the
 * message.
 */
import { emit, h } from "../lib/dom.js";
import { has, t } from "../lib/i18n.js";
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
    const { left, top, bottom } = at.getBoundingClientRect();
    const { width, height } = this.#sheet.getBoundingClientRect();
    const above = top - height - 4;
    this.#sheet.style.setProperty(
      "--x",
      `${Math.max(8, Math.min(left - width / 2, innerWidth - width - 8))}px`,
    );
    this.#sheet.style.setProperty(
      "--y",
      `${above > 8 ? above : Math.min(bottom + 4, innerHeight - height - 8)}px`,
    );
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
