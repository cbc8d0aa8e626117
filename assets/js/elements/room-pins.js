/**
 * The pinned messages of a room, the latest first: each leads to its place in the conversation.
 * Emits `message-unpin`.
 */
import { emit, fill, h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { count, locale, t } from "../lib/i18n.js";
import { snippet } from "../lib/markdown.js";
import { langOf } from "../lib/text.js";
import { exact, short } from "../lib/time.js";
import { View } from "../lib/view.js";
import "./custom-emoji.js";
import { emojiLine } from "./emoji-line.js";
import { avatar } from "./user-avatar.js";

/** @import {Message, Pin} from "../types.js" */

/**
 * @typedef {{roomId: string, pins: Pin[], mayUnpin: boolean, nameOf: (message: Message) => string,
 *   pictureOf: (userId: string) => string|undefined}} Data
 */

/** @extends {View<Data>} */
export class RoomPins extends View {
  #shown = "";
  #count = h("span", { class: "num" });
  #list = h("ul");

  // Lifecycle

  build() {
    this.append(
      h("div", { class: "spread" }, h("h2", null, t("pins.title"), " ", this.#count)),
      this.#list,
    );
  }

  /** @param {Data} data */
  update({ roomId, pins, mayUnpin, nameOf, pictureOf }) {
    const rows = pins.map(({ message }) => ({
      message,
      name: nameOf(message) || t("person.deleted"),
      picture: pictureOf(message.userId),
    }));
    const key = JSON.stringify([roomId, mayUnpin, rows]);
    if (key === this.#shown) return;
    this.#shown = key;
    fill(this.#count, count(pins.length));
    const held = this.contains(document.activeElement);
    fill(
      this.#list,
      rows.map((row) => this.#row(roomId, row, mayUnpin)),
    );
    // What had the focus is a new element now, or gone.
    if (held) this.querySelector("a")?.focus();
  }

  // Internal

  /**
   * @param {string} roomId
   * @param {{message: Message, name: string, picture?: string}} row
   * @param {boolean} mayUnpin
   */
  #row(roomId, { message, name, picture }, mayUnpin) {
    const { messageId, createdAt: at, content = "" } = message;
    const label = t("message.unpin");
    return h(
      "li",
      null,
      h(
        "a",
        { class: "pick media", href: `#/${roomId}/${messageId}` },
        avatar({ id: message.userId, name, size: "m", picture }),
        h(
          "span",
          { class: "what" },
          h(
            "span",
            { class: "who" },
            h("b", { class: "truncate", lang: langOf(name) || null }, name),
            h(
              "time",
              { class: "meta", datetime: at, title: exact(at, locale()) },
              short(at, locale()),
            ),
          ),
          h(
            "span",
            { class: "said", lang: langOf(content) || null, dir: "auto" },
            emojiLine(snippet(content)),
          ),
        ),
      ),
      mayUnpin &&
        h(
          "button",
          {
            class: "icon-button unpin",
            type: "button",
            "aria-label": label,
            title: label,
            onclick: () => emit(this, "message-unpin", { messageId }),
          },
          icon("close", "small"),
        ),
    );
  }
}

customElements.define("room-pins", RoomPins);
