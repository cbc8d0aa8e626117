/**
 * One message. Emits `message-edit`, `message-delete`, `message-reply`, `message-react`,
 * `message-link`, `message-menu`, `picture-open`, `reaction-toggle`, `send-retry`, `send-edit`,
 * `send-discard`, `person-open`.
 */
import { emit, fill, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { has, locale, t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { glyph } from "../lib/reactions.js";
import { snippet } from "../lib/markdown.js";
import { caption } from "../lib/media.js";
import { isPiled, langOf, linesOf } from "../lib/text.js";
import { clock, exact } from "../lib/time.js";
import { longPress } from "../lib/long-press.js";
import { mediaNodes } from "./message-media.js";
import { edited, failure, marks, pinned, uploading } from "./message-status.js";
import { lineNodes, reactionSign, textNodes } from "./message-text.js";
import { statusMark } from "./status-mark.js";
import { avatar } from "./user-avatar.js";

/** @import {People} from "../lib/mentions.js" */
/** @import {MessageRow} from "../state/rows.js" */
/** @import {Previews} from "./link-previews.js" */
/** @import {Counts} from "./thread-counts.js" */
/**
 * @typedef {{row: MessageRow, roomId: string, me: string, people: People, nameOf: (userId: string) =>
 *   string, pictureOf: (userId: string) => string|undefined, previews?: Previews, threads?: Counts, stamp?:
 *   unknown}} Data
 */

const NARROW = matchMedia("(width < 640px)");
/** Longer texts are cut off after LINES_SHOWN lines, until they are unfolded. */
const LINES_MOST = 26;
/** About how many Latin letters fit into a line. */
const COLUMNS = { narrow: 42, wide: 92 };
/** Long messages that were unfolded. @type {Set<string>} */
const unfolded = new Set();

/** @extends {View<Data>} */
export class MessageItem extends View {
  /** The row, what else it depends on, and both as text. */
  #drawn = { row: /** @type {MessageRow|null} */ (null), key: "", all: "" };
  /** The files stay as they are when something else changes, so that no picture flickers. */
  #files = { key: "", nodes: /** @type {any[]} */ ([]) };

  // Lifecycle

  build() {
    set(this, { role: "article", tabindex: "-1" });
    this.addEventListener("focusin", () => this.#reachable(true));
    this.addEventListener("focusout", () => this.#reachable(false));
    this.addEventListener("keydown", (event) => this.#pressed(event));
    longPress(
      this,
      () =>
        this.data?.row.messageId &&
        !this.data.row.deleted &&
        emit(this, "message-menu", { row: this.data.row, message: this }),
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
    const mentions = row.content.includes("@") && data.people.version;
    const replies = data.threads?.keyOf(row.messageId);
    const key = JSON.stringify([names, mentions, unfolded.has(row.key), !data.previews, replies]);
    if (row === this.#drawn.row && key === this.#drawn.key) return;
    const all = JSON.stringify([row, key]);
    const isAsBefore = all === this.#drawn.all;
    this.#drawn = { row, key, all };
    if (isAsBefore) return;
    set(this, {
      "data-seq": row.seq,
      "data-client-id": row.clientId,
      "data-state": row.state,
      "data-follows": row.follows,
      "data-mentions-me": row.mentionsMe,
      "data-message-id": row.messageId,
    });
    const focused = this.#focused();
    const time = timeOf(row, data.roomId);
    const author = row.author || t("person.deleted");
    set(this, { "aria-label": t("message.label", { author, time: clock(row.at, locale()) }) });
    fill(
      this,
      row.follows ? time : avatar({ id: row.userId, name: author, picture: row.picture }),
      h(
        "div",
        { class: "body" },
        !row.follows && this.#head(row, author, time),
        row.pinnedBy !== undefined && pinned(row.pinnedBy),
        row.quote && this.#quote(row.quote, data.roomId),
        this.#content(row, data.people),
        this.#media(row),
        data.previews?.below(row, this),
        row.uploads?.map(uploading),
        this.#reactions(data),
        replies && data.threads?.below(data),
        failure(row, this),
      ),
      marks(data),
      this.#tools(row),
    );
    this.#reachable(focused !== null);
    if (focused !== null)
      /** @type {HTMLElement} */ ((focused && this.querySelector(focused)) || this).focus({
        preventScroll: true,
      });
  }

  // Actions

  /**
   * Nothing is compared where nothing can have changed: in most messages, with each that comes.
   * @param {MessageRow} row
   * @param {Omit<Data, "row">} context
   */
  show(row, context) {
    const { data } = this;
    if (data && data.row === row && context.stamp && data.stamp === context.stamp) return;
    this.data = { row, ...context };
  }

  /** Shows the whole text, for one who looks for something in it. */
  unfold() {
    if (!this.data) return;
    unfolded.add(this.data.row.key);
    this.update(this.data);
  }

  // Internal

  /** Letters for the message in focus, wherever they are on the keyboard. @param {KeyboardEvent} event */
  #pressed(event) {
    const { row } = this.data ?? {};
    if (!row || row.state !== "sent" || row.deleted) return;
    const isMenu = event.key === "ContextMenu" || (event.shiftKey && event.key === "F10");
    if (isMenu) {
      event.preventDefault();
      return this.#menu(row, this);
    }
    if (event.target !== this) return;
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.code === "KeyR" && row.mayWrite) emit(this, "message-reply", row);
    else if (event.code === "KeyE" && row.mine && row.mayWrite) emit(this, "message-edit", row);
    else if (event.code === "KeyL") emit(this, "message-link", row);
    else if (event.key === "Delete" && row.mayDelete) emit(this, "message-delete", row);
    else if (event.key === "Enter")
      /** @type {HTMLElement|null} */ (this.querySelector(".tools button"))?.focus();
    else return;
    event.preventDefault();
  }

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
    return h("header", { role: "none" }, name, statusMark(row.status), time);
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
        text === null ? t("message.unavailable") : lineNodes(snippet(text)),
      ),
    );
  }

  /** @param {MessageRow} row @param {People} people */
  #content(row, people) {
    if (row.deleted)
      return h("p", { class: "deleted" }, icon("trash", "small"), t("message.deleted"));
    // Files without words carry their names as text; the names stand at the files already.
    if (!row.content && row.uploads) return null;
    if (row.media.length && row.content === caption(row.media))
      return row.editedAt ? h("div", { class: "said" }, edited(row.editedAt)) : null;
    const isLong =
      linesOf(row.content, NARROW.matches ? COLUMNS.narrow : COLUMNS.wide) > LINES_MOST;
    const folded = isLong && !unfolded.has(row.key);
    const said = h(
      "div",
      {
        class: `said${folded ? " folded" : ""}${isPiled(row.content) ? " piled" : ""}`,
        dir: "auto",
      },
      h(
        "div",
        { class: "text", lang: langOf(row.content) || null },
        textNodes(row.content, people),
      ),
      row.editedAt && [" ", edited(row.editedAt)],
    );
    return isLong ? [said, this.#fold(row.key, folded)] : said;
  }

  /** @param {string} key @param {boolean} folded */
  #fold(key, folded) {
    const onclick = () => {
      if (folded) unfolded.add(key);
      else unfolded.delete(key);
      if (this.data) this.update(this.data);
    };
    const label = t(folded ? "message.more" : "message.less");
    return h("button", { class: "fold", type: "button", onclick }, label);
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
          disabled: !row.mayReact,
          title: people.join(", "),
          "data-reaction": reactionType,
          onclick: () => emit(this, "reaction-toggle", { row, reaction: reactionType }),
        },
        reactionSign(glyph(reactionType)),
        " ",
        userIds.length,
      );
    });
    return h(
      "div",
      { class: "reactions wrap" },
      buttons,
      row.mayReact &&
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
      row.mayReact && tool("react", "react", t("reaction.add"), (event) => this.#react(event, row)),
      row.mayWrite &&
        tool("reply", "reply", t("action.reply"), () => emit(this, "message-reply", row)),
      row.mine &&
        row.mayWrite &&
        tool("edit", "edit", t("action.edit"), () => emit(this, "message-edit", row)),
      set(
        tool("more", "more", t("message.menu"), (event) => this.#menu(row, event.currentTarget)),
        { "aria-haspopup": "menu" },
      ),
    );
  }

  /** @param {MessageRow} row @param {EventTarget|null} at */
  #menu(row, at) {
    emit(this, "message-menu", { row, at, message: this });
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

/** When it was written: the address of the message. @param {MessageRow} row @param {string} roomId */
function timeOf({ at, follows, messageId }, roomId) {
  const title = exact(at, locale());
  const time = h("time", { datetime: at, title }, clock(at, locale()));
  const name = follows ? "at" : "meta at";
  return messageId
    ? h("a", { class: name, href: `#/${roomId}/${messageId}` }, time)
    : h("span", { class: name }, time);
}

customElements.define("message-item", MessageItem);
