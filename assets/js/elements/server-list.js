/** A list on the server page: loaded when the page opens, with a filter and an error message. */
import { fill, h, setText, set } from "../lib/dom.js";
import { errorText } from "../lib/errors.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { keyed } from "../lib/keyed.js";
import { View } from "../lib/view.js";
import "./row-menu.js";

/** @import {MenuItem} from "./row-menu.js" */
/** @import {Data} from "./server-page.js" */

/** Rows shown at most; the rest is found with the filter. */
const MOST = 100;

/**
 * @template T
 * @extends {View<Data>}
 */
export class ServerList extends View {
  /** Shown beside the heading. */
  tools = h("div", { class: "wrap" });
  /** @type {T[]} */
  items = [];
  #filter = h("input", { type: "search", autocomplete: "off", oninput: () => this.draw() });
  #list = h("ul", { class: "frame" });
  #note = h("p", { class: "notice", role: "alert", hidden: true });
  #said = h("p", { class: "meta said", role: "status" });
  #rest = h("p", { class: "meta", role: "status" });
  #menu = /** @type {import("./row-menu.js").RowMenu} */ (document.createElement("row-menu"));

  /** @param {string} label of the filter */
  constructor(label) {
    super();
    set(this.#filter, { "aria-label": label, placeholder: label });
    this.tools.append(h("div", { class: "search-field" }, icon("search", "small"), this.#filter));
  }

  // Lifecycle

  build() {
    this.append(this.#note, this.#said, this.#list, this.#rest, this.#menu);
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
   * A failure is shown above the list.
   * @param {() => Promise<unknown>} what
   */
  async attempt(what) {
    try {
      await what();
      this.#note.hidden = true;
    } catch (error) {
      this.refused(error);
    }
  }

  /** @param {unknown} error */
  refused(error) {
    const code = /** @type {any} */ (error).code;
    fill(
      this.#note,
      icon("warning", "small"),
      h("span", null, code === "not_found" ? t("server.notFound") : errorText(error)),
    ).hidden = false;
  }

  draw() {
    const wanted = this.#filter.value.trim().toLocaleLowerCase();
    const found = this.items.filter((item) =>
      this.textOf(item).toLocaleLowerCase().includes(wanted),
    );
    keyed(
      this.#list,
      found.slice(0, MOST),
      (item) => this.keyOf(item),
      (item) => this.make(item),
      (node, item) => this.change(node, item),
    );
    this.#list.hidden = found.length === 0;
    const hidden = found.length - MOST;
    const noMatch = found.length === 0 && this.items.length > 0 ? t("server.noMatch") : "";
    setText(this.#rest, hidden > 0 ? t("server.more", { n: hidden }) : noMatch);
  }

  /**
   * The button of a row that opens its menu.
   * @param {string} label
   * @param {() => MenuItem[]} items what can be done now
   */
  more(label, items) {
    const open = () => {
      const acts = items().map((item) => ({ ...item, does: () => this.#act(button, item) }));
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

  /** Says what was done. @param {string} text */
  say(text) {
    setText(this.#said, text);
  }

  /** @param {HTMLElement} button @param {MenuItem} item */
  async #act(button, item) {
    if (button.getAttribute("aria-busy")) return;
    this.say("");
    button.setAttribute("aria-busy", "true");
    await this.attempt(async () => item.does());
    button.removeAttribute("aria-busy");
    this.draw();
  }

  // Overridden by each list

  /** @returns {Promise<T[]>} */
  async fetch() {
    return [];
  }
  /** @param {T} _item */
  keyOf(_item) {
    return "";
  }
  /** What the filter looks at. @param {T} _item */
  textOf(_item) {
    return "";
  }
  /** @param {T} _item @returns {HTMLElement} */
  make(_item) {
    return h("li");
  }
  /** @param {HTMLElement} _node @param {T} _item */
  change(_node, _item) {}
}
