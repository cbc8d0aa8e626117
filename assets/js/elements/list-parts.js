/** What lists of messages from several rooms have in common: their head, and parts of their rows. */
import { h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { locale, t } from "../lib/i18n.js";
import { langOf } from "../lib/text.js";
import { exact, short } from "../lib/time.js";

/** @param {string} title @param {...Node} actions */
export function listHead(title, ...actions) {
  const back = { class: "icon-button back", href: "#/rooms", "aria-label": t("header.back") };
  return h("header", { class: "bar" }, h("a", back, icon("back")), h("h1", null, title), actions);
}

/** The room of a message. @param {{room: string, direct: boolean}} about */
export function placeOf({ room, direct }) {
  return h(
    "span",
    { class: "meta" },
    icon(direct ? "person" : "room", "small"),
    h("span", { lang: langOf(room) || null }, room),
  );
}

/** When it was written. @param {string} at @param {typeof short} [form] */
export function timeOf(at, form = short) {
  const title = exact(at, locale());
  return h("time", { class: "meta", datetime: at, title }, form(at, locale()));
}

/** Instead of a list, or below what there is of it. @param {string} text */
export function problem(text) {
  return [icon("warning", "small"), h("span", null, text)];
}
