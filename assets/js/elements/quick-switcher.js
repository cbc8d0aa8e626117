/**
 * Goes to a room or a person by a part of their name. The focus stays in the field; arrows choose.
 * Emits `place-open`, `shortcuts-show`. The commands are handed down by dialog-actions.
 */
import { emit, fill, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { placeParts } from "./place-row.js";

/** @import {Found} from "../state/places.js" */

/**
 * @typedef {object} Commands
 * @property {(query: string) => Found[]} find among what is known here
 * @property {(query: string) => Promise<unknown>} ask asks the server; then `find` knows more
 */

/** The pause in typing after which the server is asked. */
const QUIET_MS = 150;

export class QuickSwitcher extends HTMLElement {
  #input = h("input", {
    type: "text",
    role: "combobox",
    "aria-label": t("places.title"),
    "aria-expanded": "true",
    "aria-controls": "places",
    "aria-autocomplete": "list",
    placeholder: t("places.placeholder"),
    autocomplete: "off",
    spellcheck: "false",
    enterkeyhint: "go",
  });
  #list = h("ul", { id: "places", role: "listbox", "aria-label": t("places.results") });
  #status = h("p", { class: "visually-hidden", role: "status" });
  #none = h("p", { class: "none" }, t("places.none"));
  #dialog = h(
    "dialog",
    { "aria-label": t("places.title") },
    h("div", { class: "search-field" }, icon("search"), this.#input),
    this.#list,
    this.#none,
    h(
      "p",
      { class: "foot meta" },
      hint("↑", "↓", t("places.choose")),
      hint("Enter", "", t("places.open")),
      hint("Esc", "", t("action.close")),
      h("button", { type: "button", onclick: () => this.#help() }, t("shortcuts.title")),
    ),
    this.#status,
  );
  /** @type {Commands} */
  #commands = { find: () => [], ask: async () => {} };
  /** @type {Found[]} */
  #found = [];
  #active = 0;
  #asked = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  // Lifecycle

  connectedCallback() {
    this.append(this.#dialog);
    this.#input.addEventListener("input", () => this.#typed());
    this.#input.addEventListener("keydown", (event) => this.#pressed(event));
    this.#dialog.addEventListener("close", () => clearTimeout(this.#timer));
    // Beside it.
    this.#dialog.addEventListener(
      "click",
      (event) => event.target === this.#dialog && this.#dialog.close(),
    );
  }

  // Actions

  /**
   * Opens it, or closes it when it is open.
   * @param {Commands} commands
   * @param {string} typed what was typed while it was being loaded
   * @returns {HTMLDialogElement|null} null: it was closed
   */
  toggle(commands, typed) {
    if (this.#dialog.open) {
      this.#dialog.close();
      return null;
    }
    this.#commands = commands;
    this.#input.value = typed;
    this.#dialog.showModal();
    this.#input.focus();
    this.#typed();
    return this.#dialog;
  }

  /** Shows what is known now of the places that were found. */
  refresh() {
    this.#show(this.#commands.find(this.#input.value.trim()));
  }

  // Internal

  async #typed() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    const turn = this.#asked;
    const query = this.#input.value.trim();
    this.#active = 0;
    this.#look(query);
    this.#timer = setTimeout(async () => {
      await this.#commands.ask(query).catch(() => undefined);
      if (turn === this.#asked && this.#dialog.open) this.#look(query);
    }, QUIET_MS);
  }

  /** @param {string} query */
  #look(query) {
    this.#show(this.#commands.find(query));
    fill(this.#status, query && t("places.found", { n: this.#found.length }));
  }

  /** What was chosen stays chosen when more is known. @param {Found[]} found */
  #show(found) {
    const chosen = this.#active > 0 ? this.#found[this.#active]?.key : undefined;
    this.#found = found;
    this.#active = Math.max(
      0,
      this.#found.findIndex(({ key }) => key === chosen),
    );
    fill(
      this.#list,
      this.#found.map((place) =>
        h(
          "li",
          {
            role: "option",
            id: `place-${place.key}`,
            class: "pick",
            onclick: () => this.#choose(place),
            // The field keeps the focus.
            onmousedown: (/** @type {Event} */ event) => event.preventDefault(),
          },
          placeParts(place),
        ),
      ),
    );
    this.#none.hidden = this.#found.length > 0;
    this.#list.hidden = this.#found.length === 0;
    this.#mark();
  }

  #mark() {
    [...this.#list.children].forEach((option, index) => {
      const active = index === this.#active;
      option.classList.toggle("is-active", active);
      set(option, { "aria-selected": String(active) });
      if (active) option.scrollIntoView({ block: "nearest" });
    });
    set(this.#input, { "aria-activedescendant": this.#list.children[this.#active]?.id ?? null });
  }

  /** @param {Found} place */
  #choose(place) {
    this.#dialog.close();
    emit(this, "place-open", place);
  }

  #help() {
    this.#dialog.close();
    emit(this, "shortcuts-show");
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const { length } = this.#found;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.#active = (this.#active + step + length) % Math.max(1, length);
      this.#mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      const place = this.#found[this.#active];
      if (place) this.#choose(place);
    }
  }
}

// Internal

/** @param {string} key @param {string} other @param {string} text */
function hint(key, other, text) {
  return h(
    "span",
    { class: "hint", "aria-hidden": "true" },
    h("kbd", null, key),
    other && h("kbd", null, other),
    " ",
    text,
  );
}

customElements.define("quick-switcher", QuickSwitcher);
