/**
 * The actions of a message as a sheet, for touch screens. Emits the same events as the tools of
 * message-item.
 */
import { emit, fill, h } from "../lib/dom.js";
import { has, t } from "../lib/i18n.js";
import { icon } from "../lib/icons.js";
import { glyph, OFFERED } from "../lib/reactions.js";
import { actionsOf } from "./message-actions.js";

/** @import {MessageRow} from "../state/rows.js" */

const QUICK = 6;

export class ActionSheet extends HTMLElement {
  // Actions

  /**
   * @param {MessageRow} row
   * @param {Set<string>|null} saved
   * @param {Element} message what contains it may answer differently
   */
  open(row, saved, message) {
    const before = /** @type {HTMLElement|null} */ (document.activeElement);
    const dialog = h("dialog", {
      "aria-label": t("message.actions"),
      onclose: () => {
        dialog.remove();
        before?.focus();
      },
      onpointerdown: (/** @type {Event} */ event) => event.target === dialog && dialog.close(),
    });
    const then = (/** @type {string} */ type, /** @type {unknown} */ detail) => () => {
      dialog.close();
      emit(message.isConnected ? message : this, type, detail);
    };
    const item = (
      /** @type {import("./message-actions.js").MessageAction} */ { type, picture, label, danger },
    ) => [
      danger && h("hr"),
      h(
        "button",
        {
          class: `pick media ${type}${danger ? " danger" : ""}`,
          type: "button",
          onclick: then(type, row),
        },
        icon(picture),
        h("span", null, label),
      ),
    ];
    const quick = (/** @type {string} */ reaction) =>
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": has(`reaction.${reaction}`) ? t(`reaction.${reaction}`) : reaction,
          onclick: then("reaction-toggle", { row, reaction }),
        },
        glyph(reaction),
      );
    fill(
      dialog,
      h(
        "div",
        { class: "popover" },
        row.mayReact &&
          [
            h("div", { class: "quick" }, OFFERED.slice(0, QUICK).map(quick), this.#more(row, then)),
            h("hr"),
          ].flat(),
        actionsOf(row, saved).flatMap(item),
      ),
    );
    fill(this, dialog);
    dialog.showModal();
  }

  // Internal

  /**
   * The way to all emoji.
   * @param {MessageRow} row
   * @param {(type: string, detail: unknown) => () => void} then
   */
  #more(row, then) {
    const insert = (/** @type {string} */ reaction) =>
      emit(this, "reaction-toggle", { row, reaction });
    const onclick = then("emoji-open", { at: this, insert });
    return h(
      "button",
      { class: "icon-button more", type: "button", "aria-label": t("emoji.more"), onclick },
      icon("add"),
    );
  }
}

customElements.define("action-sheet", ActionSheet);
