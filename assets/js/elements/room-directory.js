/** Public rooms of the server, to enter. Emits `room-join`. */
import { emit, fill, h, setText, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { keyed } from "../lib/keyed.js";
import { View } from "../lib/view.js";
import { langOf } from "../lib/text.js";
import { emptyState } from "./empty-state.js";
import { avatar } from "./user-avatar.js";

/** @import {Room} from "../types.js" */

/**
 * @typedef {{rooms: Room[]|null, mine: Set<string>, error: string}} Data rooms null: on their way
 */

/** @extends {View<Data>} */
export class RoomDirectory extends View {
  #filter = h("input", {
    type: "search",
    "aria-label": t("directory.filter"),
    placeholder: t("directory.filter"),
    autocomplete: "off",
    oninput: () => this.data && this.update(this.data),
  });
  #list = h("ul");
  #note = h("p", { class: "notice", role: "alert", hidden: true });
  #noMatch = h("p", { class: "meta", role: "status", hidden: true }, t("directory.noMatch"));
  #empty = emptyState({
    picture: "compass",
    title: t("directory.empty"),
    text: t("directory.emptyHint"),
    actions: [
      h(
        "button",
        { class: "button primary", type: "button", onclick: () => emit(this, "room-new") },
        t("rooms.new"),
      ),
    ],
  });

  // Lifecycle

  build() {
    this.append(
      h(
        "header",
        { class: "bar" },
        h("h1", null, t("directory.title")),
        h("div", { class: "search-field" }, icon("search", "small"), this.#filter),
      ),
      h("div", { class: "body" }, this.#note, this.#list, this.#noMatch, this.#empty),
    );
  }

  /** @param {Data} data */
  update({ rooms, mine, error }) {
    this.#note.hidden = !error;
    fill(this.#note, icon("warning", "small"), h("span", null, error));
    this.#empty.hidden = rooms === null || rooms.length > 0 || Boolean(error);
    const wanted = this.#filter.value.trim().toLocaleLowerCase();
    const sorted = (rooms ?? [])
      .filter((room) => (room.name ?? "").toLocaleLowerCase().includes(wanted))
      .sort((a, b) => (a.name ?? "").localeCompare(b.name ?? ""));
    this.#list.hidden = sorted.length === 0;
    /** @type {HTMLElement} */ (this.#filter.parentElement).hidden = !rooms?.length;
    this.#noMatch.hidden = !rooms?.length || sorted.length > 0;
    keyed(
      this.#list,
      sorted,
      (room) => room.roomId,
      (room) => this.#make(room),
      (node, room) => change(node, room, mine.has(room.roomId)),
    );
  }

  // Internal

  /** @param {Room} room */
  #make({ roomId, name }) {
    return h(
      "li",
      { class: "media", "data-room": roomId },
      avatar({ id: roomId, name: name ?? "", kind: "room" }),
      h(
        "span",
        { class: "truncate" },
        h("b", { class: "truncate" }),
        h("small", { class: "truncate" }),
      ),
      h(
        "span",
        null,
        h(
          "button",
          { class: "button join", type: "button", onclick: () => emit(this, "room-join", roomId) },
          t("directory.join"),
        ),
        h("a", { class: "button quiet", href: `#/${roomId}` }, t("room.open")),
      ),
    );
  }
}

// Internal

/** @param {HTMLElement} node @param {Room} room @param {boolean} joined */
function change(node, room, joined) {
  const [name, count] = node.children[1].children;
  setText(set(name, { lang: langOf(room.name) || null }), room.name ?? room.roomId);
  const people = t("header.people", { n: room.userCount });
  setText(count, room.topic ? `${people} · ${room.topic}` : people);
  const [join, open] = /** @type {HTMLCollectionOf<HTMLElement>} */ (node.children[2].children);
  join.hidden = joined;
  open.hidden = !joined;
}

customElements.define("room-directory", RoomDirectory);
