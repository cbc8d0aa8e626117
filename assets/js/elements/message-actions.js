/** What can be done with a message: the same in its menu and in the sheet of a phone. */
import { caption } from "../lib/media.js";
import { t } from "../lib/i18n.js";

/** @import {MessageRow} from "../state/rows.js" */

/**
 * @typedef {object} MessageAction
 * @property {string} type of the event, whose detail is the row
 * @property {string} picture
 * @property {string} label
 * @property {string} [hint] the key that does the same on the message in focus
 * @property {boolean} [danger]
 */

/**
 * @param {MessageRow} row
 * @param {Set<string>|null} [saved] ids of saved messages, when they are known
 * @returns {MessageAction[]} as they stand; what cannot be taken back is last
 */
export function actionsOf(row, saved = null) {
  const isPinned = row.pinnedBy !== undefined;
  /** @type {(MessageAction|false)[]} */
  const all = [
    row.mayWrite && {
      type: "message-reply",
      picture: "reply",
      label: t("action.reply"),
      hint: "R",
    },
    row.mine &&
      row.mayWrite && { type: "message-edit", picture: "edit", label: t("action.edit"), hint: "E" },
    { type: "message-thread", picture: "room", label: t("thread.open") },
    textOf(row) !== "" && {
      type: "message-copy",
      picture: "copy",
      label: t("message.copyText"),
    },
    { type: "message-link", picture: "link", label: t("message.copyLink"), hint: "L" },
    row.mayWrite && {
      type: isPinned ? "message-unpin" : "message-pin",
      picture: "pin",
      label: t(isPinned ? "message.unpin" : "message.pin"),
    },
    {
      type: saved?.has(row.messageId ?? "") ? "message-unkeep" : "message-keep",
      picture: "bookmark",
      label: t(saved?.has(row.messageId ?? "") ? "saved.remove" : "saved.keep"),
    },
    { type: "message-unread", picture: "unread", label: t("message.markUnread") },
    { type: "message-readers", picture: "eye", label: t("readers.show") },
    row.mayDelete && {
      type: "message-delete",
      picture: "trash",
      label: t("action.delete"),
      hint: "Del",
      danger: true,
    },
  ];
  return all.filter((action) => action !== false);
}

/**
 * The text of a message as it was written; "" of files without words.
 * @param {MessageRow} row
 */
export function textOf({ content, media }) {
  return media.length && content === caption(media) ? "" : content;
}
