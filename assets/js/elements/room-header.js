/** The line over the conversation, with a search in this room. Emits `details-switch`. */
import { emit, h, setText, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { searchHash } from "../lib/route.js";
import { langOf } from "../lib/text.js";
import { searchField } from "./search-field.js";

/**
 * @typedef {{roomId: string, title: string, people: number, unread: number, details: boolean}} Data
 */

/** @extends {View<Data>} */
export class RoomHeader extends View {
  #unread = h("span", { class: "num" });
  #back = h("a", { class: "icon-button back", href: "#/rooms" }, icon("back"), this.#unread);
  #title = h("span", { class: "truncate" });
  #count = h("span", { class: "num", "aria-hidden": "true" });
  #details = h(
    "button",
    {
      class: "icon-button count",
      type: "button",
      title: t("details.title"),
      onclick: () => emit(this, "details-switch"),
    },
    icon("people"),
    this.#count,
  );

  #search = searchField("", () => this.data?.roomId ?? "");
  #find = h("a", { class: "icon-button narrow-only" }, icon("search"));

  // Lifecycle

  build() {
    this.append(
      this.#back,
      h("div", { class: "title" }, h("h1", null, this.#title)),
      set(this.#search.form, { class: "search-field wide-only" }),
      this.#find,
      this.#details,
    );
  }

  /** @param {Data} data */
  update({ roomId, title, people, unread, details }) {
    set(this.#back, {
      "aria-label": unread ? t("header.backUnread", { n: unread }) : t("header.back"),
    });
    setText(this.#unread, unread ? String(unread) : "");
    setText(set(this.#title, { lang: langOf(title) || null }), title);
    const here = t("search.here", { room: title });
    set(this.#search.form, { "aria-label": here });
    set(this.#search.input, {
      "aria-label": here,
      placeholder: t("search.placeholder"),
      title: here,
    });
    set(this.#find, { href: searchHash("", roomId), "aria-label": here, title: here });
    setText(this.#count, String(people));
    set(this.#details, {
      "aria-label": t("header.people", { n: people }),
      "aria-expanded": String(details),
    });
  }
}

customElements.define("room-header", RoomHeader);
