/**
 * What code in a message has beside its text: colours, the name of its language, a button that
 * copies it. The text is there before this file is (elements/message-text.js).
 */
import { copyText } from "../lib/clipboard.js";
import { codeParts } from "../lib/code.js";
import { fill, h, set } from "../lib/dom.js";
import { drawing, icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";

/** @import {Shape} from "../lib/icons.js" */

/** How long it is said that it was copied. */
const SAID_MS = 2000;
/** @type {Shape[]} */
const COPY = [
  [7.25, 7.25, 9, 9, 1.5],
  "M12.75 4.5A1 1 0 0 0 11.75 3.75h-7a1 1 0 0 0-1 1v7a1 1 0 0 0 .75 1",
];

export class CodeBlock extends HTMLElement {
  #copy = h(
    "button",
    {
      class: "icon-button copy",
      type: "button",
      "aria-label": t("code.copy"),
      title: t("code.copy"),
      onclick: () => this.#copied(),
    },
    drawing(COPY, "small"),
  );
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  // Lifecycle

  connectedCallback() {
    // Only the message in focus has stops of the Tab key.
    if (!this.#copy.isConnected) this.append(set(this.#copy, { tabindex: "-1" }));
    const code = this.querySelector("code");
    if (!code || code.firstElementChild) return;
    const parts = codeParts(code.textContent ?? "", this.dataset.lang ?? "");
    if (parts.some(({ kind }) => kind))
      fill(
        code,
        parts.map(({ kind, text }) => (kind ? h("span", { class: kind }, text) : text)),
      );
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  // Internal

  async #copied() {
    if (!(await copyText(this.querySelector("code")?.textContent ?? ""))) return;
    this.#say("code.copied", icon("check", "small"));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#say("code.copy", drawing(COPY, "small")), SAID_MS);
  }

  /** @param {string} key @param {Node} picture */
  #say(key, picture) {
    fill(set(this.#copy, { "aria-label": t(key), title: t(key) }), picture);
  }
}

customElements.define("code-block", CodeBlock);
