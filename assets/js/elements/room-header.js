/**
 * The line over the conversation: its room, a way to search in it, its details. Emits
 * `details-switch`.
 */
import { emit, h, setText, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { count, t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { searchHash } from "../lib/route.js";
import { langOf } from "../lib/text.js";

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

  #find = h("a", { class: "icon-button find" }, icon("search"));

  // Lifecycle

  build() {
    this.append(
      this.#back,
      h("div", { class: "title" }, h("h1", null, this.#title)),
      this.#find,
      this.#details,
    );
  }

  /** @param {Data} data */
  update({ roomId, title, people, unread, details }) {
    set(this.#back, {
      "aria-label": unread ? t("header.backUnread", { n: unread }) : t("header.back"),
    });
    setText(this.#unread, unread ? count(unread) : "");
    setText(set(this.#title, { lang: langOf(title) || null }), title);
    const here = t("search.here", { room: title });
    set(this.#find, { href: searchHash("", roomId), "aria-label": here, title: here });
    setText(this.#count, count(people));
    set(this.#details, {
      "aria-label": t("header.people", { n: people }),
      "aria-expanded": String(details),
    });
  }

  // Actions

  /** What opens the details gets the focus when they are closed. */
  focusDetails() {
    this.#details.focus();
  }
}

customElements.define("room-header", RoomHeader);
