/**
 * A table on the server page: a filter, sorting, pages, a menu for each row, and what can be done
 * with several rows at once. Loaded each time its tab opens.
 */
import { fill, h, setText, set } from "../lib/dom.js";
import { errorText } from "../lib/errors.js";
import { icon } from "../lib/icons.js";
import { lang, t } from "../lib/i18n.js";
import { keyed } from "../lib/keyed.js";
import { View } from "../lib/view.js";
import "./row-menu.js";
import { turnParts } from "./server-turn.js";

/** @import {MenuItem} from "./row-menu.js" */
/** @import {Data} from "./server-page.js" */

/**
 * @template T
 * @typedef {object} Column
 * @property {string} name
 * @property {string} label
 * @property {(item: T) => any} cell what it shows
 * @property {(item: T) => string|number} [order] what it is sorted by
 * @property {boolean} [figure] aligned at the end
 */
/** @template T @typedef {{name: string, label: string, does: (chosen: T[]) => unknown}} Bulk */

/** Rows of a page. */
const PAGE = 50;

/**
 * @template T
 * @extends {View<Data>}
 */
export class ServerTable extends View {
  /** Shown beside the heading. */
  tools = h("div", { class: "wrap" });
  /** @type {T[]} */
  items = [];
  /** @type {Column<T>[]} */
  #columns;
  /** @type {Bulk<T>[]} */
  #bulk;
  /** Keys of the chosen rows. @type {Set<string>} */
  #chosen = new Set();
  #sort = { name: "", down: false };
  #page = 0;
  #filter = h("input", { type: "search", autocomplete: "off", oninput: () => this.#restart() });
  #all = h("input", { type: "checkbox", "aria-label": t("server.chooseAll") });
  #head = h("tr");
  #rows = h("tbody");
  #table = h("table", null, h("thead", null, this.#head), this.#rows);
  #frame = h("div", { class: "frame" }, this.#table);
  #note = h("p", { class: "notice", role: "alert", hidden: true });
  #said = h("p", { class: "meta said", role: "status" });
  #none = h("p", { class: "meta", role: "status" });
  #several = h("div", { class: "several wrap", role: "group", hidden: true });
  #turn = h("nav", { class: "turn wrap", hidden: true, "aria-label": t("server.pages") });
  #menu = /** @type {import("./row-menu.js").RowMenu} */ (document.createElement("row-menu"));

  /**
   * @param {{label: string, find: string, columns: Column<T>[], bulk?: Bulk<T>[]}} what the name of
   *   the table and of its filter
   */
  constructor({ label, find, columns, bulk = [] }) {
    super();
    this.#columns = columns;
    this.#bulk = bulk;
    set(this.#table, { "aria-label": label });
    set(this.#several, { "aria-label": t("server.chosen") });
    set(this.#filter, { "aria-label": find, placeholder: find });
    this.#all.addEventListener("change", () => this.#chooseAll());
    this.tools.append(h("div", { class: "search-field" }, icon("search", "small"), this.#filter));
  }

  // Lifecycle

  build() {
    fill(
      this.#head,
      this.#bulk.length > 0 && h("th", { class: "choose" }, this.#all),
      this.#columns.map((column) => this.#heading(column)),
      h("th", { class: "end" }, h("span", { class: "visually-hidden" }, t("server.rowActions"))),
    );
    this.append(
      this.#note,
      this.#said,
      this.#several,
      this.#frame,
      this.#none,
      this.#turn,
      this.#menu,
    );
  }

  subscribe() {
    this.load();
  }

  // Actions

  async load() {
    if (!this.data) return void queueMicrotask(() => this.data && this.load());
    await this.attempt(async () => {
      this.items = await this.fetch();
    });
    this.draw();
  }

  /**
   * A failure is shown above the table.
   * @param {() => Promise<unknown>} what
   */
  async attempt(what) {
    try {
      await what();
      this.#note.hidden = true;
    } catch (error) {
      const code = /** @type {any} */ (error).code;
      fill(
        this.#note,
        icon("warning", "small"),
        h("span", null, code === "not_found" ? t("server.notFound") : errorText(error)),
      ).hidden = false;
    }
  }

  draw() {
    const found = this.#found();
    const last = Math.max(0, Math.ceil(found.length / PAGE) - 1);
    this.#page = Math.min(this.#page, last);
    const shown = found.slice(this.#page * PAGE, (this.#page + 1) * PAGE);
    const known = new Set(this.items.map((item) => this.keyOf(item)));
    for (const key of this.#chosen) if (!known.has(key)) this.#chosen.delete(key);
    keyed(
      this.#rows,
      shown,
      (item) => this.keyOf(item),
      (item) => this.#make(item),
      (row, item) => this.#change(row, item),
    );
    this.#frame.hidden = found.length === 0;
    const empty = this.items.length > 0 ? t("server.noMatch") : this.empty();
    setText(this.#none, found.length === 0 ? empty : "");
    this.#drawTurn(found.length, last);
    this.#drawChosen(shown);
  }

  /** Says what was done. @param {string} text */
  say(text) {
    setText(this.#said, text);
  }

  /** Chooses nothing any more. */
  release() {
    this.#chosen.clear();
  }

  // Internal

  #found() {
    const wanted = this.#filter.value.trim().toLocaleLowerCase();
    const found = this.items.filter((item) =>
      this.textOf(item).toLocaleLowerCase().includes(wanted),
    );
    const { name, down } = this.#sort;
    const order = this.#columns.find((column) => column.name === name)?.order;
    if (!order) return found;
    const { compare } = new Intl.Collator(lang(), { numeric: true });
    const sign = down ? -1 : 1;
    return found.sort((one, other) => {
      const [a, b] = [order(one), order(other)];
      return sign * (typeof a === "number" ? a - Number(b) : compare(a, String(b)));
    });
  }

  #restart() {
    this.#page = 0;
    this.draw();
  }

  /** @param {Column<T>} column */
  #heading({ name, label, order, figure = false }) {
    const sort = () => {
      this.#sort = { name, down: this.#sort.name === name && !this.#sort.down };
      for (const cell of this.#head.children) set(cell, { "aria-sort": null });
      set(heading, { "aria-sort": this.#sort.down ? "descending" : "ascending" });
      this.#restart();
    };
    const heading = h(
      "th",
      { scope: "col", class: figure ? `${name} figure` : name },
      order ? h("button", { type: "button", onclick: sort }, label) : label,
    );
    return heading;
  }

  /** @param {T} item */
  #make(item) {
    const key = this.keyOf(item);
    const label = this.nameOf(item);
    const choose = (/** @type {Event} */ event) => {
      const box = /** @type {HTMLInputElement} */ (event.currentTarget);
      if (box.checked) this.#chosen.add(key);
      else this.#chosen.delete(key);
      this.draw();
    };
    const box = h("input", {
      type: "checkbox",
      "aria-label": t("server.choose", { name: label }),
      onchange: choose,
    });
    return h(
      "tr",
      this.marks(item),
      this.#bulk.length > 0 && h("td", { class: "choose" }, box),
      this.#columns.map(({ name, label: heading, figure = false }, at) =>
        h(at === 0 ? "th" : "td", {
          class: figure ? `${name} figure` : name,
          ...(at === 0 ? { scope: "row" } : { "data-label": heading }),
        }),
      ),
      h("td", { class: "end" }, this.#more(label, key)),
    );
  }

  /** @param {HTMLTableRowElement} row @param {T} item */
  #change(row, item) {
    set(row, this.marks(item));
    const box = /** @type {HTMLInputElement|null} */ (row.querySelector(".choose input"));
    if (box) {
      box.disabled = !this.canChoose(item);
      box.checked = this.#chosen.has(this.keyOf(item));
    }
    for (const { name, cell } of this.#columns)
      fill(/** @type {Element} */ (row.querySelector(`.${name}`)), cell(item));
  }

  /** The button of a row that opens its menu. @param {string} name @param {string} key */
  #more(name, key) {
    const label = t("server.actions", { name });
    const open = () => {
      const item = this.items.find((one) => this.keyOf(one) === key);
      const acts = (item ? this.menuOf(item) : []).map((act) => ({
        ...act,
        does: () => this.#act(button, act.does),
      }));
      this.#menu.open(button, label, acts);
    };
    const button = h(
      "button",
      {
        class: "icon-button more",
        type: "button",
        "aria-label": label,
        title: label,
        "aria-haspopup": "menu",
        "aria-expanded": "false",
        onclick: open,
      },
      icon("more"),
    );
    return button;
  }

  /** @param {HTMLElement} button @param {() => unknown} does */
  async #act(button, does) {
    if (button.getAttribute("aria-busy")) return;
    this.say("");
    button.setAttribute("aria-busy", "true");
    await this.attempt(async () => does());
    button.removeAttribute("aria-busy");
    this.draw();
  }

  #chooseAll() {
    const shown = this.#found().slice(this.#page * PAGE, (this.#page + 1) * PAGE);
    for (const item of shown) {
      if (this.#all.checked && this.canChoose(item)) this.#chosen.add(this.keyOf(item));
      else this.#chosen.delete(this.keyOf(item));
    }
    this.draw();
  }

  /** @param {T[]} shown */
  #drawChosen(shown) {
    if (this.#bulk.length === 0) return;
    const can = shown.filter((item) => this.canChoose(item));
    const on = can.filter((item) => this.#chosen.has(this.keyOf(item))).length;
    set(this.#all, { checked: on > 0 && on === can.length });
    set(this.#all, { indeterminate: on > 0 && on < can.length });
    const n = this.#chosen.size;
    this.#several.hidden = n === 0;
    const chosen = this.items.filter((item) => this.#chosen.has(this.keyOf(item)));
    const button = (/** @type {Bulk<T>} */ { name, label, does }) => {
      const go = h(
        "button",
        {
          class: `button ${name}`,
          type: "button",
          onclick: () => this.#act(go, () => does(chosen)),
        },
        label,
      );
      return go;
    };
    const clear = () => {
      this.release();
      this.draw();
    };
    fill(
      this.#several,
      h("b", null, t("server.nChosen", { n })),
      this.#bulk.map(button),
      h("button", { class: "button quiet", type: "button", onclick: clear }, t("server.release")),
    );
  }

  /** @param {number} n rows @param {number} last page */
  #drawTurn(n, last) {
    this.#turn.hidden = last === 0;
    const turn = (/** @type {number} */ by) => {
      this.#page += by;
      this.draw();
      this.#frame.scrollIntoView({ block: "start" });
    };
    if (last > 0) fill(this.#turn, turnParts({ page: this.#page, last, size: PAGE, n, turn }));
  }

  // Overridden by each table

  /** @returns {Promise<T[]>} */
  async fetch() {
    return [];
  }
  /** @param {T} _item */
  keyOf(_item) {
    return "";
  }
  /** What its row is called. @param {T} _item */
  nameOf(_item) {
    return "";
  }
  /** What the filter looks at. @param {T} item */
  textOf(item) {
    return this.nameOf(item);
  }
  /** Attributes of the row. @param {T} _item @returns {Record<string, any>} */
  marks(_item) {
    return {};
  }
  /** @param {T} _item @returns {MenuItem[]} */
  menuOf(_item) {
    return [];
  }
  /** @param {T} _item */
  canChoose(_item) {
    return true;
  }
  /** What is said when there is nothing. */
  empty() {
    return t("server.noMatch");
  }
}
