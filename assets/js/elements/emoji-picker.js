/** A popover with all emoji that the page knows, those used last first, and a search by name. */
import { fill, h } from "../lib/dom.js";
import { EMOJI } from "../lib/emoji.js";
import { lang, t } from "../lib/i18n.js";
import { place } from "../lib/popover.js";
import { findEmoji } from "../state/completion.js";

/** @import {Emoji} from "../state/completion.js" */

/** Where those used last are kept, and how many. */
const KEY = "emoji";
const RECENT = 16;
const COLUMNS = 8;
/** In which place of an emoji's names each language stands, from the end. */
const NAMES = /** @type {Record<string, number>} */ ({ ko: -3, ru: -2, zh: -1 });

export class EmojiPicker extends HTMLElement {
  /** @type {(glyph: string) => void} */
  #choose = () => {};
  #search = h("input", {
    type: "search",
    "aria-label": t("emoji.search"),
    placeholder: t("emoji.search"),
    autocomplete: "off",
    oninput: () => this.#draw(),
  });
  #grid = h("div", { class: "grid" });
  #none = h("p", { class: "meta", role: "status" });
  #sheet = h(
    "div",
    {
      class: "popover",
      popover: "auto",
      role: "dialog",
      "aria-label": t("completion.emoji"),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#pressed(event),
    },
    h("div", { class: "search-field" }, this.#search),
    this.#grid,
    this.#none,
  );

  // Lifecycle

  connectedCallback() {
    this.append(this.#sheet);
  }

  // Actions

  /** @param {Element} at @param {(glyph: string) => void} choose */
  open(at, choose) {
    this.#choose = choose;
    this.#search.value = "";
    this.#draw();
    this.#sheet.showPopover();
    place(this.#sheet, at, "above");
    this.#search.focus();
  }

  // Internal

  #draw() {
    const query = this.#search.value.trim();
    const found = query ? findEmoji(EMOJI, query, EMOJI.length) : inOrder(recent());
    fill(
      this.#grid,
      found.map((emoji) => this.#button(emoji)),
    );
    this.#none.textContent = found.length ? "" : t("emoji.none");
  }

  /** @param {Emoji} emoji */
  #button({ glyph, words }) {
    const name = (words.at(NAMES[lang()] ?? 0) ?? "").replaceAll("_", " ");
    const onclick = () => {
      this.#sheet.hidePopover();
      keep(glyph);
      this.#choose(glyph);
    };
    const picture = h("span", { "aria-hidden": "true" }, glyph);
    return h(
      "button",
      { class: "icon-button", type: "button", "aria-label": name, title: name, onclick },
      picture,
    );
  }

  /** Arrow keys go through the grid; Enter in the search takes the first. @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing) return;
    const all = /** @type {HTMLElement[]} */ ([...this.#grid.children]);
    const now = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (event.key === "Enter" && now < 0) {
      event.preventDefault();
      return all[0]?.click();
    }
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS }[event.key];
    // In the search, left and right move the caret.
    if (!step || (now < 0 && event.key !== "ArrowDown")) return;
    event.preventDefault();
    const next = now < 0 ? 0 : now + step;
    (next < 0 ? this.#search : all[Math.min(next, all.length - 1)])?.focus();
  }
}

// Internal

/** @returns {string[]} */
function recent() {
  return (localStorage.getItem(KEY) ?? "").split(" ").filter(Boolean);
}

/** @param {string} glyph */
function keep(glyph) {
  const all = [glyph, ...recent().filter((other) => other !== glyph)];
  localStorage.setItem(KEY, all.slice(0, RECENT).join(" "));
}

/** Those used last, then the others. @param {string[]} last @returns {Emoji[]} */
function inOrder(last) {
  const used = last.flatMap((glyph) => EMOJI.find((emoji) => emoji.glyph === glyph) ?? []);
  return [...used, ...EMOJI.filter((emoji) => !used.includes(emoji))];
}

customElements.define("emoji-picker", EmojiPicker);
