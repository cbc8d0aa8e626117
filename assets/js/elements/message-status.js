/** What became of a message: its files are uploaded, it is sent, it failed, it was read. */
import { emit, h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { has, locale, t } from "../lib/i18n.js";
import { exact } from "../lib/time.js";
import { avatar } from "./user-avatar.js";

/** @import {MessageRow} from "../state/rows.js" */
/**
 * @typedef {{row: MessageRow, nameOf: (userId: string) => string, pictureOf: (userId: string) =>
 *   string|undefined}} Shown
 */

const MARKS_SHOWN = 3;

/** Why it was not sent, and what can be done. @param {MessageRow} row @param {Element} host */
export function failure(row, host) {
  if (row.state !== "failed") return null;
  const code = row.reason ?? "";
  const key = [code, `error.${code}`].find(has) ?? "error.internal";
  const reason = t("send.failed", { reason: t(key) });
  const act = (/** @type {string} */ name, /** @type {string} */ label) =>
    h(
      "button",
      { type: "button", class: name, onclick: () => emit(host, `send-${name}`, row.clientId) },
      label,
    );
  return h(
    "p",
    { class: "failed wrap" },
    h("span", null, icon("warning", "small"), reason),
    !row.lasting && act("retry", t("send.retry")),
    act("edit", t("action.edit")),
    act("discard", t("action.delete")),
  );
}

/** Whether it is on its way, and who has read it. @param {Shown} shown */
export function marks({ row, nameOf, pictureOf }) {
  if (row.state === "pending" || row.state === "uploading")
    return h("div", { class: "marks" }, icon("clock", "small"), h("span", null, t("send.waiting")));
  if (row.seenBy.length > row.readers.length) return seen(row, nameOf);
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

/** A file that the message waits for. @param {import("../types.js").Progress} file */
export function uploading({ name, part }) {
  return h(
    "p",
    { class: "uploading meta" },
    h("span", { class: "truncate" }, h("bdi", null, name)),
    h("progress", { max: "1", value: part, "aria-label": name }),
  );
}

/** @param {string} name of who pinned it */
export function pinned(name) {
  const words = name ? t("message.pinnedBy", { name }) : t("message.pinned");
  return h("p", { class: "pinned meta" }, icon("pin", "small"), words);
}

/** @param {string} at */
export function edited(at) {
  return h("span", { class: "edited meta", title: exact(at, locale()) }, t("message.edited"));
}

// Internal

/** @param {MessageRow} row @param {(userId: string) => string} nameOf */
function seen(row, nameOf) {
  const names = row.seenBy.map(nameOf).join(", ");
  return h(
    "div",
    { class: "marks", title: names },
    h("span", { class: "visually-hidden" }, t("message.readBy", { names })),
    icon("seen", "small"),
    h("span", { class: "num", "aria-hidden": "true" }, row.seenBy.length),
  );
}
