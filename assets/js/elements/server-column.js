/** What the tables of the server page share: names, states and times, and how to create something. */
import { h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { locale, t } from "../lib/i18n.js";
import { langOf } from "../lib/text.js";
import { date, exact } from "../lib/time.js";

/** @import {Column, ServerTable} from "./server-table.js" */

/**
 * The button that creates one.
 * @param {ServerTable<any>} table
 * @param {{name: string, label: string, does: () => Promise<unknown>}} what
 */
export function creator(table, { name, label, does }) {
  return h(
    "button",
    { class: `button ${name}`, type: "button", onclick: () => table.attempt(does) },
    icon("add", "small"),
    label,
  );
}

/** @returns {Column<any>} */
export function created() {
  return {
    name: "created",
    label: t("server.since"),
    order: (item) => item.created,
    cell: (item) => timeOf(item.created, date),
  };
}

/** @param {string} time @param {(iso: string, lang: string) => string} form */
export function timeOf(time, form) {
  return h("time", { datetime: time, title: exact(time, locale()) }, form(time, locale()));
}

/** A name and the user name beside it. @param {string} name @param {string} user */
export function nameCell(name, user) {
  return h(
    "span",
    { class: "who" },
    h("b", { lang: langOf(name) || null }, name),
    " ",
    h("small", null, `@${user}`),
  );
}

/** @returns {Column<any>} */
export function state() {
  return {
    name: "state",
    label: t("server.state"),
    order: ({ disabled }) => Number(disabled),
    cell: ({ disabled }) =>
      h(
        "span",
        { class: disabled ? "tag danger" : "tag" },
        t(disabled ? "server.disabled" : "server.active"),
      ),
  };
}
