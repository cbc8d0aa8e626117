/** Creates and updates the rows of the conversation, which message-list puts in order. */
import { emit, fill, h, setText, set } from "../lib/dom.js";
import { locale, t } from "../lib/i18n.js";
import { day, dayKey } from "../lib/time.js";

/** @import {People} from "../lib/mentions.js" */
/** @import {DayRow, GapRow, Row} from "../state/rows.js" */
/** @import {Previews} from "./link-previews.js" */
/** @import {MessageItem} from "./message-item.js" */
/** @import {Counts} from "./thread-counts.js" */

/** @typedef {HTMLElement & {row: GapRow, drawn?: string}} GapNode */

/**
 * @param {Row} row
 * @returns {HTMLElement}
 */
export function makeRow(row) {
  switch (row.kind) {
    case "message":
      return document.createElement("message-item");
    case "day":
      return h("h2", { class: "day" }, h("time"));
    case "unread":
      return h("div", { class: "unread", role: "separator" });
    case "gap":
      return h("div", { class: "gap-row" });
  }
}

/**
 * @param {HTMLElement} node
 * @param {Row} row
 * @param {{roomId: string, me: string, people: People, nameOf: (userId: string) => string, pictureOf:
 *   (userId: string) => string|undefined, previews?: Previews, threads?: Counts, stamp?: unknown}} context
 */
export function changeRow(node, row, context) {
  switch (row.kind) {
    case "message":
      /** @type {MessageItem} */ (node).show(row, context);
      break;
    case "day":
      changeDay(node, row);
      break;
    case "unread":
      setText(node, t("messages.new", { n: row.count }));
      break;
    case "gap":
      changeGap(/** @type {GapNode} */ (node), row);
  }
}

// Internal

/**
 * @param {HTMLElement} node
 * @param {DayRow} row
 */
function changeDay(node, row) {
  set(node, { class: row.unread ? "unread" : "day" });
  const name = day(row.at, locale());
  const text = row.unread ? t("messages.dayAndNew", { day: name, n: row.unread }) : name;
  const time = /** @type {Element} */ (node.firstElementChild);
  setText(set(time, { datetime: dayKey(row.at) }), text);
}

/**
 * @param {GapNode} node
 * @param {GapRow} row
 */
function changeGap(node, row) {
  node.row = row;
  set(node, { "data-failed": row.failed });
  const key = String(row.failed);
  if (node.drawn === key) return;
  node.drawn = key;
  if (row.failed) {
    return void fill(
      node,
      h(
        "div",
        { class: "gap wrap", role: "note" },
        h("span", null, t("messages.gap")),
        h(
          "button",
          { class: "button", type: "button", onclick: () => emit(node, "history-retry") },
          t("send.retry"),
        ),
      ),
    );
  }
  fill(
    node,
    Array.from({ length: 4 }, (_, index) =>
      h(
        "div",
        {
          class: "loading",
          ...(index
            ? { "aria-hidden": "true" }
            : { role: "status", "aria-label": t("messages.loading") }),
        },
        h("span", { class: "skeleton" }),
        h("span", { class: "skeleton" }),
        h("span", { class: "skeleton" }),
      ),
    ),
  );
}
