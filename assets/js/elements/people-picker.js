/**
 * Chooses people by name or user name; those chosen are shown as tokens before the text. Emits
 * `people-change`; searches with `find`.
 */
import { emit, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { keyed } from "../lib/keyed.js";
import { langOf } from "../lib/text.js";
import { statusMark } from "./status-mark.js";
import { avatar } from "./user-avatar.js";

/** @import {Person} from "../types.js" */

const QUIET_MS = 150;

export class PeoplePicker extends HTMLElement {
  /** @type {(query: string) => Promise<Person[]>} */
  find = async () => [];
  /** Login names that cannot be chosen. @type {string[]} */
  except = [];
  /** @type {Person[]} */
  chosen = [];
  input = h("input", {
    id: "people",
    autocomplete: "off",
    spellcheck: "false",
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": "people-list",
    "aria-autocomplete": "list",
    placeholder: t("people.placeholder"),
  });
  #tokens = h("span", { class: "wrap chosen" });
  #list = h("ul", {
    class: "people",
    id: "people-list",
    role: "listbox",
    "aria-label": t("people.title"),
    hidden: true,
  });
  /** @type {Person[]} */
  #found = [];
  #active = 0;
  #asked = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  // Lifecycle

  connectedCallback() {
    this.append(h("div", { class: "tokens input wrap" }, this.#tokens, this.input), this.#list);
    this.input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#search(), QUIET_MS);
    });
    this.input.addEventListener("focus", () => this.#search());
    this.input.addEventListener("keydown", (event) => this.#pressed(event));
  }

  // Actions

  /**
   * Takes what is typed, when it names one person.
   * @returns {Promise<boolean>} false when it names nobody
   */
  async takeTyped() {
    if (!this.input.value.trim()) return true;
    await this.#search();
    const typed = this.input.value.trim().toLowerCase();
    const exact =
      this.#found.find((person) => person.userId.toLowerCase() === typed) ??
      (this.#found.length === 1 ? this.#found[0] : undefined);
    if (exact) this.#choose(exact);
    return Boolean(exact);
  }

  // Internal

  async #search() {
    const query = this.input.value.trim();
    this.#asked += 1;
    const turn = this.#asked;
    const found = await this.find(query).catch(() => []);
    if (turn !== this.#asked) return;
    this.#found = found
      .filter(
        (person) =>
          !this.except.includes(person.userId) &&
          !this.chosen.some((other) => other.userId === person.userId),
      )
      .slice(0, 8);
    this.#active = 0;
    this.#draw();
  }

  #draw() {
    keyed(
      this.#tokens,
      this.chosen,
      (person) => person.userId,
      (person) => this.#token(person),
    );
    keyed(
      this.#list,
      this.#found,
      (person) => person.userId,
      (person) => this.#option(person),
      (node, person) => {
        const active = this.#found[this.#active] === person;
        set(node, {
          "aria-selected": String(active),
          class: active ? "pick media is-active" : "pick media",
        });
      },
    );
    this.#list.hidden = this.#found.length === 0;
    set(this.input, {
      "aria-expanded": String(this.#found.length > 0),
      "aria-activedescendant": this.#found[this.#active]
        ? `person-${this.#found[this.#active].userId}`
        : null,
    });
  }

  /** @param {Person} person */
  #token({ userId, name, media }) {
    const label = t("people.deselect", { name });
    return h(
      "span",
      { class: "token", "data-user": userId },
      avatar({ id: userId, name, size: "s", picture: media?.name }),
      h("span", { class: "truncate", lang: langOf(name) || null }, name),
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": label,
          title: label,
          onclick: () => this.#drop(userId),
        },
        icon("close", "small"),
      ),
    );
  }

  /** @param {Person} person */
  #option(person) {
    const { userId, name, media, status } = person;
    return h(
      "li",
      {
        role: "option",
        id: `person-${userId}`,
        "data-user": userId,
        onclick: () => this.#choose(person),
        onmousedown: (/** @type {Event} */ event) => event.preventDefault(),
      },
      avatar({ id: userId, name, picture: media?.name }),
      h(
        "span",
        { class: "truncate", lang: langOf(name) || null },
        name,
        statusMark(status),
        h("small", { class: "truncate" }, `@${userId}`),
      ),
    );
  }

  /** @param {Person} person */
  #choose(person) {
    this.chosen = [...this.chosen, person];
    this.#found = [];
    this.input.value = "";
    this.#draw();
    this.input.focus();
    emit(this, "people-change");
    this.#search();
  }

  /** @param {string} userId */
  #drop(userId) {
    this.chosen = this.chosen.filter((person) => person.userId !== userId);
    this.#draw();
    this.input.focus();
    emit(this, "people-change");
    this.#search();
  }

  /** @param {KeyboardEvent} event */
  async #pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && this.input.value.trim()) {
      event.preventDefault();
      clearTimeout(this.#timer);
      const active = this.#found[this.#active];
      const typed = this.input.value.trim().toLowerCase();
      if (this.#active > 0 && active) this.#choose(active);
      else if (
        !(await this.takeTyped()) &&
        this.#found[0] &&
        this.input.value.trim().toLowerCase() === typed
      )
        this.#choose(this.#found[0]);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.#active = (this.#active + step + this.#found.length) % Math.max(1, this.#found.length);
      this.#draw();
      this.querySelector(".is-active")?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Backspace" && !this.input.value && this.chosen.length) {
      this.#drop(this.chosen[this.chosen.length - 1].userId);
    }
  }
}

/**
 * @param {(query: string) => Promise<Person[]>} find
 * @param {string[]} except
 * @returns {PeoplePicker}
 */
export function peoplePicker(find, except) {
  const picker = /** @type {PeoplePicker} */ (document.createElement("people-picker"));
  picker.find = find;
  picker.except = except;
  return picker;
}

customElements.define("people-picker", PeoplePicker);
