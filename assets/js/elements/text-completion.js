/** The list over the composer: people after `@`, emoji after `:`. The focus stays in the text. Emits `complete-choose`. */
import { act, fill, h, set } from "../lib/dom.js";
import { EMOJI } from "../lib/emoji.js";
import { t } from "../lib/i18n.js";
import { langOf } from "../lib/text.js";
import { findEmoji, findPeople } from "../state/complete.js";
import { avatar } from "./user-avatar.js";

/** @import {Candidate, Token} from "../state/complete.js" */

/** @typedef {{id: string, insert: string, parts: Node[]}} Choice */

export class TextCompletion extends HTMLElement {
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

  /** Id of the entry that Enter takes; "" when there is none. */
  get active() {
    return this.#choices[this.#active]?.id ?? "";
  }

  // Actions

  /** @param {Token|null} token @param {Candidate[]} people */
  show(token, people) {
    const choices = !token ? [] : token.kind === "person" ? findPeople(people, token.query).map((person) => personChoice(person, token.query))
      : findEmoji(EMOJI, token.query).map(emojiChoice);
    const same = choices.map(({ id }) => id).join() === this.#choices.map(({ id }) => id).join();
    this.#choices = choices;
    if (!same) this.#active = 0;
    set(this.#list, { "aria-label": t(token?.kind === "emoji" ? "complete.emoji" : "people.title") });
    this.#draw();
  }

  /** @param {1|-1} step */
  move(step) {
    this.#active = (this.#active + step + this.#choices.length) % Math.max(1, this.#choices.length);
    this.#draw();
  }

  choose(index = this.#active) {
    const choice = this.#choices[index];
    if (choice) act(this, "complete-choose", choice.insert);
  }

  // Internal

  #draw() {
    this.hidden = this.#choices.length === 0;
    fill(this.#list, this.#choices.map(({ id, parts }, index) => h("li", { role: "option", id, class: index === this.#active ? "pick media is-active" : "pick media",
      "aria-selected": String(index === this.#active), onclick: () => this.choose(index) }, parts)));
    this.#list.children[this.#active]?.scrollIntoView({ block: "nearest" });
  }
}

// Internal

/** @param {Candidate} person @param {string} query @returns {Choice} */
function personChoice({ userId, name, picture }, query) {
  const hit = name.normalize("NFC").toLocaleLowerCase().startsWith(query.normalize("NFC").toLocaleLowerCase()) ? query.length : 0;
  return { id: `complete-${userId}`, insert: `@${userId}`, parts: [avatar({ id: userId, name, picture, size: "s" }),
    h("span", { class: "truncate", lang: langOf(name) || null }, hit > 0 && h("mark", null, name.slice(0, hit)), name.slice(hit)),
    h("span", { class: "meta truncate" }, `@${userId}`)] };
}

/** @param {import("../state/complete.js").Emoji} emoji @returns {Choice} */
function emojiChoice({ glyph, words }) {
  return { id: `complete-${words[0]}`, insert: glyph, parts: [h("span", { class: "glyph", "aria-hidden": "true" }, glyph), h("span", { class: "truncate" }, `:${words[0]}`)] };
}

customElements.define("text-completion", TextCompletion);
