/**
 * One message. Emits `message-edit`, `message-delete`, `message-reply`, `message-react`,
 * `message-menu`, `message-readers`, `picture-open`, `reaction-toggle`, `send-retry`,
 * `send-discard`, `person-open`.
 */
import { emit, fill, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { has, locale, t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { glyph } from "../lib/reactions.js";
import { snippet } from "../lib/markdown.js";
import { caption } from "../lib/media.js";
import { langOf } from "../lib/text.js";
import { clock, exact } from "../lib/time.js";
import { longPress } from "../lib/long-press.js";
import { mediaNodes } from "./message-media.js";
import { textNodes } from "./message-text.js";
import { avatar } from "./user-avatar.js";

/** @import {MessageRow} from "../state/rows.js" */
/**
 * @typedef {{row: MessageRow, roomId: string, me: string, nameOf: (userId: string) => string,
 *   pictureOf: (userId: string) => string|undefined}} Data
 */

const MARKS_SHOWN = 3;

/** @extends {View<Data>} */
export class MessageItem extends View {
  #shown = "";
  /** The files stay as they are when something else changes, so that no picture flickers. */
  #files = { key: "", nodes: /** @type {any[]} */ ([]) };

  // Lifecycle

  build() {
    set(this, { role: "article", tabindex: "-1" });
    this.addEventListener("focusin", () => this.#reachable(true));
    this.addEventListener("focusout", () => this.#reachable(false));
    longPress(
      this,
      () =>
        this.data?.row.messageId &&
        !this.data.row.deleted &&
        emit(this, "message-menu", this.data.row),
    );
  }

  /** @param {Data} data */
  update(data) {
    const { row } = data;
    const names = [
      ...row.reactions.flatMap((reaction) => reaction.userIds).map(data.nameOf),
      ...row.seenBy.map(data.nameOf),
      ...row.readers.flatMap((id) => [data.nameOf(id), data.pictureOf(id)]),
    ];
    const key = JSON.stringify([row, names]);
    if (key === this.#shown) return;
    this.#shown = key;
    set(this, {
      "data-seq": row.seq,
      "data-client-id": row.clientId,
      "data-state": row.state,
      "data-follows": row.follows,
      "data-mentions-me": row.mentionsMe,
      "data-message-id": row.messageId,
    });
    const focused = this.#focused();
    const time = h(
      "time",
      { class: row.follows ? "at" : "meta", datetime: row.at, title: exact(row.at, locale()) },
      clock(row.at, locale()),
    );
    const author = row.author || t("person.deleted");
    fill(
      this,
      row.follows ? time : avatar({ id: row.userId, name: author, picture: row.picture }),
      h(
        "div",
        { class: "body" },
        !row.follows && this.#head(row, author, time),
        row.quote && this.#quote(row.quote, data.roomId),
        this.#content(row, data.me),
        this.#media(row),
        this.#reactions(data),
        this.#failure(row),
      ),
      this.#marks(data),
      this.#tools(row),
    );
    this.#reachable(focused !== null);
    if (focused !== null)
      /** @type {HTMLElement} */ ((focused && this.querySelector(focused)) || this).focus({
        preventScroll: true,
      });
  }

  // Internal

  /** @param {MessageRow} row @param {string} author @param {Node} time */
  #head(row, author, time) {
    const name = row.userId
      ? h(
          "button",
          {
            class: "author truncate",
            type: "button",
            lang: langOf(author) || null,
            onclick: () => emit(this, "person-open", row.userId),
          },
          author,
        )
      : h("span", { class: "author truncate" }, author);
    return h("header", null, name, time);
  }

  /** @param {import("../state/rows.js").Quote} quote @param {string} roomId */
  #quote({ messageId, author, text }, roomId) {
    return h(
      "a",
      { class: "quote", href: `#/${roomId}/${messageId}` },
      author && h("b", { class: "truncate" }, author),
      h(
        "span",
        { class: "truncate", lang: langOf(text) || null },
        text === null ? t("message.unavailable") : snippet(text),
      ),
    );
  }

  /** @param {MessageRow} row @param {string} me */
  #content(row, me) {
    if (row.deleted)
      return h("p", { class: "deleted" }, icon("trash", "small"), t("message.deleted"));
    // Files without words carry their names as text; the names stand at the files already.
    if (row.media.length && row.content === caption(row.media))
      return row.editedAt ? h("div", { class: "said" }, edited(row.editedAt)) : null;
    return h(
      "div",
      { class: "said" },
      h(
        "div",
        { class: "text", lang: langOf(row.content) || null, dir: "auto" },
        textNodes(row.content, me),
      ),
      row.editedAt && [" ", edited(row.editedAt)],
    );
  }

  /** @param {MessageRow} row */
  #media({ media }) {
    const key = JSON.stringify(media);
    if (key !== this.#files.key) this.#files = { key, nodes: mediaNodes(media, this) };
    return this.#files.nodes.flat();
  }

  /** @param {Data} data */
  #reactions({ row, me, nameOf }) {
    if (row.reactions.length === 0) return null;
    const buttons = row.reactions.map(({ reactionType, userIds }) => {
      const mine = userIds.includes(me);
      const people = [
        ...(mine ? [t("person.you")] : []),
        ...userIds.filter((id) => id !== me).map((id) => nameOf(id) || t("person.deleted")),
      ];
      const name = has(`reaction.${reactionType}`) ? t(`reaction.${reactionType}`) : reactionType;
      const label = t(mine ? "reaction.labelMine" : "reaction.label", {
        name,
        n: userIds.length,
        people: people.join(", "),
      });
      return h(
        "button",
        {
          type: "button",
          "aria-pressed": String(mine),
          "aria-label": label,
          title: people.join(", "),
          "data-reaction": reactionType,
          onclick: () => emit(this, "reaction-toggle", { row, reaction: reactionType }),
        },
        h("span", { "aria-hidden": "true" }, glyph(reactionType)),
        " ",
        userIds.length,
      );
    });
    return h(
      "div",
      { class: "reactions wrap" },
      buttons,
      h(
        "button",
        {
          type: "button",
          class: "add",
          "aria-label": t("reaction.add"),
          title: t("reaction.add"),
          onclick: (/** @type {Event} */ event) => this.#react(event, row),
        },
        icon("react", "small"),
      ),
    );
  }

  /** @param {MessageRow} row */
  #failure(row) {
    if (row.state !== "failed") return null;
    const reason = t("send.failed", {
      reason: has(`error.${row.reason}`) ? t(`error.${row.reason}`) : t("error.internal"),
    });
    return h(
      "p",
      { class: "failed wrap" },
      h("span", null, icon("warning", "small"), reason),
      h(
        "button",
        { type: "button", class: "retry", onclick: () => emit(this, "send-retry", row.clientId) },
        t("send.retry"),
      ),
      h(
        "button",
        {
          type: "button",
          class: "discard",
          onclick: () => emit(this, "send-discard", row.clientId),
        },
        t("action.delete"),
      ),
    );
  }

  /** @param {Data} data */
  #marks({ row, nameOf, pictureOf }) {
    if (row.state === "pending")
      return h(
        "div",
        { class: "marks" },
        icon("clock", "small"),
        h("span", null, t("send.waiting")),
      );
    if (row.seenBy.length > row.readers.length) return this.#seen(row, nameOf);
    if (row.readers.length === 0) return null;
    const people = row.readers.map((id) => ({ id, name: nameOf(id) }));
    const names = people.map(({ name }) => name).join(", ");
    return h(
      "div",
      { class: "marks", title: names },
      h("span", { class: "visually-hidden" }, t("message.readBy", { names })),
      people
        .slice(0, MARKS_SHOWN)
        .map(({ id, name }) => avatar({ id, name, size: "xs", picture: pictureOf(id) })),
      people.length > MARKS_SHOWN &&
        h("span", { "aria-hidden": "true" }, `+${people.length - MARKS_SHOWN}`),
    );
  }

  /** @param {MessageRow} row @param {(userId: string) => string} nameOf */
  #seen(row, nameOf) {
    const names = row.seenBy.map(nameOf).join(", ");
    return h(
      "div",
      { class: "marks", title: names },
      h("span", { class: "visually-hidden" }, t("message.readBy", { names })),
      icon("seen", "small"),
      h("span", { class: "num", "aria-hidden": "true" }, row.seenBy.length),
    );
  }

  /** @param {MessageRow} row */
  #tools(row) {
    if (row.deleted || row.state !== "sent") return null;
    const tool = (
      /** @type {string} */ name,
      /** @type {string} */ picture,
      /** @type {string} */ label,
      /** @type {(event: Event) => void} */ onclick,
    ) =>
      h(
        "button",
        {
          class: `icon-button ${name}`,
          type: "button",
          "aria-label": label,
          title: label,
          onclick,
        },
        icon(picture),
      );
    return h(
      "div",
      { class: "tools", role: "toolbar", "aria-label": t("message.actions") },
      tool("react", "react", t("reaction.add"), (event) => this.#react(event, row)),
      tool("reply", "reply", t("action.reply"), () => emit(this, "message-reply", row)),
      tool("readers", "eye", t("readers.show"), () => emit(this, "message-readers", row)),
      row.mine && tool("edit", "edit", t("action.edit"), () => emit(this, "message-edit", row)),
      row.mayDelete &&
        tool("delete", "trash", t("action.delete"), () => emit(this, "message-delete", row)),
    );
  }

  /** @param {Event} event @param {MessageRow} row */
  #react(event, row) {
    emit(this, "message-react", { row, at: event.currentTarget });
  }

  /**
   * How to find again what has the focus.
   * @returns {string|null} "" for the message itself, null when it is elsewhere
   */
  #focused() {
    const active = /** @type {HTMLElement|null} */ (document.activeElement);
    if (!active || !this.contains(active)) return null;
    if (active.dataset.reaction) return `[data-reaction="${CSS.escape(active.dataset.reaction)}"]`;
    return active === this || !active.classList.length
      ? ""
      : [...active.classList].map((name) => `.${CSS.escape(name)}`).join("");
  }

  /**
   * Only what belongs to the message in focus stands in the tab order; arrow keys go from message
   * to message.
   * @param {boolean} on
   */
  #reachable(on) {
    for (const control of this.querySelectorAll(":is(a, button):not(.failed *)"))
      control.setAttribute("tabindex", on ? "0" : "-1");
  }
}

// Internal

/** @param {string} at */
function edited(at) {
  return h("span", { class: "edited meta", title: exact(at, locale()) }, t("message.edited"));
}

customElements.define("message-item", MessageItem);
