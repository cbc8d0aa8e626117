/**
 * My saved messages, the latest first, each a link. `load` is handed down by chat-app; emits
 * `message-unkeep`.
 */
import { errorText } from "../lib/errors.js";
import { emit, fill, h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { snippet } from "../lib/markdown.js";
import { langOf } from "../lib/text.js";
import { View } from "../lib/view.js";
import "./custom-emoji.js";
import { emojiLine } from "./emoji-line.js";
import { emptyState } from "./empty-state.js";
import { listHead, placeOf, problem, timeOf } from "./list-parts.js";
import { avatar } from "./user-avatar.js";

/** @import {SavedMessage} from "../types-own.js" */

/**
 * @typedef {object} Data
 * @property {(before?: string) => Promise<{messages: SavedMessage[], cursor?: string}>} load a page
 * @property {Set<string>|null} saved ids of all that are saved, as far as they are known
 * @property {(message: SavedMessage) => {author: string, picture?: string, room: string, direct:
 *   boolean}} about
 */

/** @extends {View<Data>} */
export class SavedList extends View {
  #list = h("ul");
  #notice = h("p", { class: "notice", role: "alert", hidden: true });
  #more = h(
    "button",
    { class: "button more", type: "button", hidden: true, onclick: () => this.#ask(false) },
    t("saved.more"),
  );
  /** @type {SavedMessage[]|null} null: not loaded yet */
  #messages = null;
  /** @type {string|undefined} */
  #cursor;
  #asked = 0;
  #opened = false;
  #shown = "";
  /** What was saved at the last update. @type {Set<string>|null} */
  #saved = null;

  // Lifecycle

  build() {
    this.append(
      listHead(t("saved.title")),
      h("div", { class: "body" }, this.#list, this.#notice, this.#more),
    );
  }

  /** What was saved on another device meanwhile is asked for each time it is opened. */
  subscribe() {
    this.#opened = true;
  }

  update() {
    const saved = this.data?.saved ?? null;
    if (this.#opened || isMore(saved, this.#saved)) this.#ask(true);
    this.#opened = false;
    this.#saved = saved;
    this.#draw();
  }

  // Internal

  /** @param {boolean} again from the beginning */
  async #ask(again) {
    this.#asked += 1;
    const turn = this.#asked;
    this.#notice.hidden = true;
    try {
      const page = await this.data?.load(again ? undefined : this.#cursor);
      if (turn !== this.#asked || !page) return;
      this.#messages = again ? page.messages : [...(this.#messages ?? []), ...page.messages];
      this.#cursor = page.cursor;
    } catch (error) {
      if (turn !== this.#asked) return;
      fill(this.#notice, problem(errorText(error)));
      this.#notice.hidden = false;
    }
    this.#draw();
  }

  #draw() {
    const { data } = this;
    if (!data || !this.#messages) return;
    const { saved } = data;
    // One that was removed goes at once.
    const kept = this.#messages.filter(({ messageId }) => !saved || saved.has(messageId));
    const abouts = kept.map((message) => data.about(message));
    const key = JSON.stringify([kept.map(({ messageId, rev }) => [messageId, rev]), abouts]);
    this.#more.hidden = !this.#cursor;
    if (this.#shown === key) return;
    this.#shown = key;
    if (kept.length === 0)
      return void fill(
        this.#list,
        h(
          "li",
          null,
          emptyState({ picture: "bookmark", title: t("saved.none"), text: t("saved.noneHint") }),
        ),
      );
    fill(
      this.#list,
      kept.map((message, index) => h("li", null, this.#row(message, abouts[index]))),
    );
  }

  /** @param {SavedMessage} message @param {ReturnType<Data["about"]>} about */
  #row(message, { author, picture, room, direct }) {
    const name = author || t("person.deleted");
    const text = snippet(message.content ?? "");
    const { roomId, messageId, userId, createdAt } = message;
    const label = t("saved.remove");
    return [
      h(
        "a",
        { class: "saved pick media", href: `#/${roomId}/${messageId}` },
        avatar({ id: userId, name, picture }),
        h(
          "div",
          null,
          h(
            "p",
            { class: "who wrap" },
            h("b", { lang: langOf(name) || null }, name),
            placeOf({ room, direct }),
            timeOf(createdAt),
          ),
          h("p", { class: "said", lang: langOf(text) || null, dir: "auto" }, emojiLine(text)),
        ),
      ),
      h(
        "button",
        {
          class: "icon-button remove",
          type: "button",
          "aria-label": label,
          title: label,
          onclick: () => emit(this, "message-unkeep", { roomId, messageId }),
        },
        icon("close"),
      ),
    ];
  }
}

/**
 * Whether something was saved that was not before.
 * @param {Set<string>|null} now
 * @param {Set<string>|null} before null: unknown
 */
function isMore(now, before) {
  return Boolean(now && before && now !== before && [...now].some((id) => !before.has(id)));
}

customElements.define("saved-list", SavedList);
