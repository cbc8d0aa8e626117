/** The buttons that format the message being written. The text field keeps the focus. */
import { h, set } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { drawing } from "../lib/icons.js";
import { keyNames } from "../lib/keys.js";

/** @import {Format} from "../lib/format.js" */
/** @import {Shape} from "../lib/icons.js" */

/** @type {[Format, string, string[], Shape[]][]} what, its words, its keys, its picture */
const BUTTONS = [
  [
    "strong",
    "format.strong",
    ["Ctrl", "B"],
    ["M6.5 4.5h4.25a2.75 2.75 0 0 1 0 5.5H6.5zM6.5 10h5a2.75 2.75 0 0 1 0 5.5h-5z"],
  ],
  ["em", "format.em", ["Ctrl", "I"], ["M9 4.5h5M6 15.5h5M12 4.5l-4 11"]],
  [
    "del",
    "format.del",
    ["Ctrl", "Shift", "X"],
    [
      "M4 10h12M13.5 6.5C13 5.2 11.8 4.5 10 4.5c-2 0-3.5 1-3.5 2.75 0 .6.2 1.1.5 1.5M6.25 13c.4 1.6 1.75 2.5 3.75 2.5 2.2 0 3.75-1 3.75-2.9 0-.25 0-.4-.1-.6",
    ],
  ],
  ["code", "format.code", ["Ctrl", "E"], ["m7 6-4 4 4 4M13 6l4 4-4 4"]],
  [
    "link",
    "format.link",
    ["Ctrl", "Shift", "U"],
    [
      "M8.5 11.5a3 3 0 0 0 4.25 0l2.5-2.5A3 3 0 0 0 11 4.75l-.75.75M11.5 8.5a3 3 0 0 0-4.25 0L4.75 11A3 3 0 0 0 9 15.25l.75-.75",
    ],
  ],
  [
    "bullets",
    "format.bullets",
    ["Ctrl", "Shift", "8"],
    ["M8 5.5h8.5M8 10h8.5M8 14.5h8.5", [4.25, 5.5, 0.5], [4.25, 10, 0.5], [4.25, 14.5, 0.5]],
  ],
  [
    "numbers",
    "format.numbers",
    ["Ctrl", "Shift", "7"],
    [
      "M9 5.5h7.5M9 10h7.5M9 14.5h7.5M3.75 4l1-.5V7.5M3.5 12.6c.2-.6.6-.85 1.1-.85.65 0 1.15.4 1.15 1 0 .9-2.15 1.9-2.15 2.9h2.25",
    ],
  ],
  ["quote", "format.quote", ["Ctrl", "Shift", "9"], ["M4.25 4.5v11M8 6.5h8.5M8 10h8.5M8 13.5h5"]],
];

export class FormatBar extends HTMLElement {
  /** @type {(format: Format) => void} */
  apply = () => {};

  // Lifecycle

  connectedCallback() {
    if (this.firstChild) return;
    set(this, { role: "toolbar", "aria-label": t("composer.format") });
    this.append(
      ...BUTTONS.map(([format, words, keys, picture], index) =>
        this.#button(format, `${t(words)} (${keyNames(keys)})`, picture, index === 0),
      ),
    );
    // The text keeps the focus, and what is selected in it.
    this.addEventListener("pointerdown", (event) => event.preventDefault());
    this.addEventListener("keydown", (event) => this.#pressed(event));
  }

  // Internal

  /** @param {Format} format @param {string} label @param {Shape[]} picture @param {boolean} first */
  #button(format, label, picture, first) {
    return h(
      "button",
      {
        class: `icon-button ${format}`,
        type: "button",
        "aria-label": label,
        title: label,
        tabindex: first ? "0" : "-1",
        onclick: () => this.apply(format),
      },
      drawing(picture),
    );
  }

  /** One stop of the Tab key; arrow keys go on. @param {KeyboardEvent} event */
  #pressed(event) {
    const all = /** @type {HTMLElement[]} */ ([...this.children]);
    const now = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = {
      ArrowRight: all[(now + 1) % all.length],
      ArrowLeft: all.at(now - 1),
      Home: all[0],
      End: all.at(-1),
    }[event.key];
    if (!next) return;
    event.preventDefault();
    for (const button of all) set(button, { tabindex: button === next ? "0" : "-1" });
    next.focus();
  }
}

customElements.define("format-bar", FormatBar);
