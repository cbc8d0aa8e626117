/**
 * The list above the composer: people after `@`, emoji after `:`, slash commands after `/` at the
 * start. The focus stays in the text field.
 */
import { customEmoji } from "../lib/custom-emoji.js";
import { emit, fill, h, set } from "../lib/dom.js";
import { replaceText } from "../lib/edit.js";
import { loadEmoji, withTone } from "../lib/emoji.js";
import { keepEmoji, newestVersion, skinTone } from "../lib/emoji-used.js";
import { lang, t } from "../lib/i18n.js";
import { langOf } from "../lib/text.js";
import {
  codeAt,
  completed,
  findCommands,
  findEmoji,
  findPeople,
  tokenAt,
} from "../state/completion.js";
import { avatar } from "./user-avatar.js";

/** @import {Emoji} from "../lib/emoji.js" */
/** @import {Candidate, Command, Token} from "../state/completion.js" */

/** @typedef {{id: string, insert: string, parts: Node[]}} Choice */

const LABELS = /** @type {const} */ ({
  person: "people.title",
  emoji: "completion.emoji",
  command: "completion.commands",
});

const pen = document.createElement("canvas").getContext("2d");

export class TextCompletion extends HTMLElement {
  /** Asked for only when somebody is mentioned. @type {() => Candidate[]} */
  people = () => [];
  /** The text was completed. */
  changed = () => {};
  /** @type {HTMLTextAreaElement|null} */
  #field = null;
  /** @type {Token|null} */
  #token = null;
  /** Where it was left with Escape: it stays closed there. */
  #left = -1;
  /** Where a space was added after what was completed: one that is typed there is not doubled. */
  #spaced = -1;
  /** Those that can be drawn; fetched when the first one is asked for. @type {Emoji[]|null} */
  #emoji = null;
  /** Those of the room, as they were when a slash was typed last. @type {Command[]} */
  #commands = [];
  /** @type {Choice[]} */
  #choices = [];
  #active = 0;
  #list = h("ul", { class: "completion popover", id: "completion", role: "listbox" });

  // Lifecycle

  connectedCallback() {
    this.append(this.#list);
    // The text keeps the focus.
    this.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#draw();
  }

  /** The text that is watched. @param {HTMLTextAreaElement} field */
  set field(field) {
    this.#field = field;
    set(field, { "aria-autocomplete": "list", "aria-controls": "completion" });
    field.addEventListener("blur", () => this.#show(null));
    field.addEventListener("input", (event) => this.#closed(/** @type {InputEvent} */ (event)));
    field.addEventListener("click", () => this.refresh());
    field.addEventListener(
      "keyup",
      (event) => (event.key === "ArrowLeft" || event.key === "ArrowRight") && this.refresh(),
    );
  }

  // Actions

  /** Looks at the word at the caret. */
  refresh() {
    const { value = "", selectionStart = 0, selectionEnd = 0 } = this.#field ?? {};
    const token = selectionStart === selectionEnd ? tokenAt(value, selectionStart) : null;
    if (!token) this.#left = -1;
    if (token?.kind === "command" && this.#token?.kind !== "command") this.#needCommands();
    this.#show(
      token && token.start !== this.#left && document.activeElement === this.#field ? token : null,
    );
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} the key was for the list
   */
  pressed(event) {
    const spaced = this.#spaced === this.#field?.selectionStart;
    this.#spaced = -1;
    if (event.key === " " && spaced) {
      event.preventDefault();
      return true;
    }
    if (this.#choices.length === 0 || event.ctrlKey || event.altKey || event.metaKey) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp")
      this.#move(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter" && this.#isComplete()) {
      this.#show(null);
      return false;
    } else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey)
      this.#choose(this.#active);
    else if (event.key === "Escape") {
      this.#left = this.#token?.start ?? -1;
      this.#show(null);
    } else return false;
    event.preventDefault();
    return true;
  }

  // Internal

  /** A command that is written out is sent. */
  #isComplete() {
    const { kind, query = "" } = this.#token ?? {};
    return kind === "command" && this.#choices[this.#active]?.insert === `/${query}`;
  }

  #needCommands() {
    emit(this, "commands-need", (/** @type {Command[]} */ found) => {
      this.#commands = found;
      this.refresh();
    });
  }

  /** @param {Token} token */
  #choicesOf({ kind, query }) {
    if (kind === "command") return findCommands(this.#commands, query).map(commandChoice);
    if (kind === "person")
      return findPeople(this.people(), query).map((person) => personChoice(person, query));
    if (!this.#emoji) this.#fetchEmoji();
    return findEmoji([...customEmoji.asEmoji(), ...(this.#emoji ?? [])], query).map(emojiChoice);
  }

  async #fetchEmoji() {
    // Without a network nothing is completed.
    const custom = customEmoji.need(this).catch(() => undefined);
    const all = await loadEmoji(lang()).catch(() => null);
    await custom;
    if (!all) return;
    this.#emoji = all.filter(({ version }) => version <= newestVersion());
    this.refresh();
  }

  /** A short name that was closed with a colon becomes its emoji. @param {InputEvent} event */
  #closed({ data, isComposing }) {
    if (data !== ":" || isComposing || !this.#field) return;
    const { value, selectionStart: to } = this.#field;
    const { code, start: from } = codeAt(value, to) ?? { code: "", start: 0 };
    const emoji = code && this.#emoji?.find(({ words }) => words.includes(code));
    if (!emoji) return;
    const insert = shown(emoji);
    replaceText(this.#field, {
      from,
      to,
      insert,
      start: from + insert.length,
      end: from + insert.length,
    });
    keepEmoji(insert);
  }

  /** @param {Token|null} token */
  #show(token) {
    this.#token = token;
    const choices = token ? this.#choicesOf(token) : [];
    if (choices.map(({ id }) => id).join() !== this.#choices.map(({ id }) => id).join())
      this.#active = 0;
    this.#choices = choices;
    set(this.#list, { "aria-label": t(LABELS[token?.kind ?? "person"]) });
    if (token) this.style.setProperty("--caret", `${this.#offset(token.start)}px`);
    this.#draw();
  }

  /** @param {1|-1} step */
  #move(step) {
    this.#active = (this.#active + step + this.#choices.length) % this.#choices.length;
    this.#draw();
  }

  /** @param {number} index */
  #choose(index) {
    const choice = this.#choices[index];
    if (!choice || !this.#token || !this.#field) return;
    const { text, caret } = completed(
      this.#field.value,
      this.#field.selectionStart,
      this.#token,
      choice.insert,
    );
    const { selectionStart: to, value } = this.#field;
    const from = this.#token.start;
    const insert = text.slice(from, text.length - (value.length - to));
    replaceText(this.#field, { from, to, insert, start: caret, end: caret });
    this.#spaced = text[caret - 1] === " " ? caret : -1;
    this.#show(null);
    if (!/^[@/]/u.test(choice.insert)) keepEmoji(choice.insert);
    this.changed();
  }

  /** About where the mark stands: the width of its line before it. @param {number} start */
  #offset(start) {
    if (!pen || !this.#field || !this.parentElement) return 0;
    const line = this.#field.value.slice(this.#field.value.lastIndexOf("\n", start - 1) + 1, start);
    pen.font = getComputedStyle(this.#field).font;
    const left =
      this.#field.getBoundingClientRect().left - this.parentElement.getBoundingClientRect().left;
    return left + (pen.measureText(line).width % this.#field.clientWidth);
  }

  #draw() {
    this.hidden = this.#choices.length === 0;
    fill(
      this.#list,
      this.#choices.map(({ id, parts }, index) =>
        h(
          "li",
          {
            role: "option",
            id,
            class: index === this.#active ? "pick media is-active" : "pick media",
            "aria-selected": String(index === this.#active),
            onclick: () => this.#choose(index),
          },
          parts,
        ),
      ),
    );
    this.#list.children[this.#active]?.scrollIntoView({ block: "nearest" });
    if (this.#field) set(this.#field, { "aria-activedescendant": this.#choices[this.#active]?.id });
  }
}

// Internal

/** @param {Candidate} person @param {string} query @returns {Choice} */
function personChoice({ userId, name, picture }, query) {
  const hit = name
    .normalize("NFC")
    .toLocaleLowerCase()
    .startsWith(query.normalize("NFC").toLocaleLowerCase())
    ? query.length
    : 0;
  return {
    id: `complete-${userId}`,
    insert: `@${userId}`,
    parts: [
      avatar({ id: userId, name, picture, size: "s" }),
      h(
        "span",
        { class: "truncate", lang: langOf(name) || null },
        hit > 0 && h("mark", null, name.slice(0, hit)),
        name.slice(hit),
      ),
      h("span", { class: "meta truncate" }, `@${userId}`),
    ],
  };
}

/** @param {Command} command @returns {Choice} */
function commandChoice({ name, description, hint }) {
  return {
    id: `complete-${name}`,
    insert: `/${name}`,
    parts: [
      h("span", { class: "glyph", "aria-hidden": "true" }, "/"),
      h("span", { class: "truncate" }, `/${name} `, h("span", { class: "meta" }, hint)),
      h("span", { class: "meta truncate", lang: langOf(description) || null }, description),
    ],
  };
}

/** In the skin tone that was chosen. @param {Emoji} emoji */
function shown({ glyph, toned }) {
  return toned ? withTone(glyph, skinTone()) : glyph;
}

/** @param {Emoji} emoji @returns {Choice} */
function emojiChoice(emoji) {
  const { name, words } = emoji;
  const code = words[0];
  const insert = shown(emoji);
  return {
    id: `complete-${code}`,
    insert,
    parts: [
      h(
        "span",
        { class: "glyph", "aria-hidden": "true" },
        emoji.picture ? h("img", { src: emoji.picture, alt: "" }) : insert,
      ),
      h("span", { class: "truncate" }, `:${code}:`),
      h("span", { class: "meta truncate" }, name),
    ],
  };
}

customElements.define("text-completion", TextCompletion);
