/**
 * The line over the conversation: its room and topic, a way to search in it, its details. Emits
 * `details-switch`, `room-rename`.
 */
import { emit, fill, h, setText, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { count, t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { searchHash } from "../lib/route.js";
import { langOf } from "../lib/text.js";
import { PRESENCE } from "../state/online.js";

/** @import {Presence} from "../types-own.js" */

/**
 * @typedef {{roomId: string, title: string, people: number, unread: number, details: boolean, topic:
 *   string, mayEdit: boolean, archived: boolean, readOnly: boolean, presence?: Presence}} Data
 *   presence: of the other, in a conversation of two
 */

/** @extends {View<Data>} */
export class RoomHeader extends View {
  #unread = h("span", { class: "num" });
  #back = h("a", { class: "icon-button back", href: "#/rooms" }, icon("back"), this.#unread);
  #title = h("span", { class: "truncate" });
  /** What it is about, or whether the other is online; then what is particular about the room. */
  #about = h("div", { class: "about" });
  #shown = "";
  #count = h("span", { class: "num", "aria-hidden": "true" });
  #people = h("span", { class: "visually-hidden" });
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
    this.#people,
  );

  #find = h("a", { class: "icon-button find" }, icon("search"));

  // Lifecycle

  build() {
    this.append(
      this.#back,
      h("div", { class: "title" }, h("h1", null, this.#title), this.#about),
      this.#find,
      this.#details,
    );
  }

  /** @param {Data} data */
  update(data) {
    const { roomId, title, people, unread, details } = data;
    this.#tell(data);
    set(this.#back, {
      "aria-label": unread ? t("header.backUnread", { n: unread }) : t("header.back"),
    });
    setText(this.#unread, unread ? count(unread) : "");
    setText(set(this.#title, { lang: langOf(title) || null }), title);
    const here = t("search.here", { room: title });
    set(this.#find, { href: searchHash("", roomId), "aria-label": here, title: here });
    setText(this.#count, count(people));
    setText(this.#people, t("header.people", { n: people }));
    set(this.#details, { "aria-expanded": String(details) });
  }

  // Actions

  /** What opens the details gets the focus when they are closed. */
  focusDetails() {
    this.#details.focus();
  }

  // Internal

  /** @param {Data} data */
  #tell({ topic, mayEdit, archived, readOnly, presence }) {
    const key = JSON.stringify([topic, mayEdit, archived, readOnly, presence]);
    if (key === this.#shown) return;
    this.#shown = key;
    const tag = (/** @type {string} */ text) => h("span", { class: "tag" }, text);
    fill(
      this.#about,
      archived && tag(t("header.archived")),
      !archived && readOnly && tag(t("header.readOnly")),
      topic ? this.#topic(topic, mayEdit) : presence && present(presence),
    );
  }

  /** @param {string} topic @param {boolean} mayEdit */
  #topic(topic, mayEdit) {
    const lang = langOf(topic) || null;
    if (!mayEdit) return h("span", { class: "topic truncate", lang, title: topic }, topic);
    const title = t("header.editTopic");
    const onclick = () => emit(this, "room-rename", "topic");
    return h("button", { class: "topic truncate", type: "button", lang, title, onclick }, topic);
  }
}

// Internal

/** @param {Presence} presence */
function present(presence) {
  return h("span", { class: "topic presence", "data-presence": presence }, t(PRESENCE[presence]));
}

customElements.define("room-header", RoomHeader);
