/** What is copied from several messages: who wrote each, when, and its text. */
import { locale } from "./i18n.js";
import { caption } from "./media.js";
import { stamp } from "./time.js";

/** @import {MessageItem} from "../elements/message-item.js" */

/**
 * Replaces what the browser would copy, the letters of avatars, times and buttons included.
 * @param {ClipboardEvent} event
 */
export function copyMessages(event) {
  const list = /** @type {Element} */ (event.currentTarget);
  const selection = getSelection();
  if (!selection?.rangeCount || selection.isCollapsed) return;
  const range = selection.getRangeAt(0);
  const items = /** @type {MessageItem[]} */ ([...list.querySelectorAll("message-item")]);
  const chosen = items.filter((item) => range.intersectsNode(item));
  // A part of one message is copied as it is.
  if (chosen.length < 2) return;
  const text = chosen.flatMap((item) => textOf(item, range)).join("\n\n");
  if (!text) return;
  event.preventDefault();
  event.clipboardData?.setData("text/plain", text);
}

// Internal

/** @param {MessageItem} item @param {Range} range */
function textOf(item, range) {
  const { row } = item.data ?? {};
  if (!row || row.deleted) return [];
  const said = item.querySelector(".text");
  const part = said ? within(said, range) : null;
  // Nothing of its text, and not its files either.
  if (said && part === "") return [];
  const text = part ?? (row.content || caption(row.media));
  return `${row.author}, ${stamp(row.at, locale())}\n${text}`;
}

/**
 * The part of a text that is selected; null for all of it, which is copied as it was written.
 * @param {Element} said
 * @param {Range} range
 */
function within(said, range) {
  const part = document.createRange();
  part.selectNodeContents(said);
  const all = part.toString().trim();
  if (part.compareBoundaryPoints(Range.START_TO_START, range) < 0)
    part.setStart(range.startContainer, range.startOffset);
  if (part.compareBoundaryPoints(Range.END_TO_END, range) > 0)
    part.setEnd(range.endContainer, range.endOffset);
  const chosen = part.toString().trim();
  // The first letter begins all of it, wherever in the tree the selection begins.
  return chosen === all ? null : chosen;
}
