/** What the tables of integrations share: when something was created, and how to create one. */
import { h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { locale, t } from "../lib/i18n.js";
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
