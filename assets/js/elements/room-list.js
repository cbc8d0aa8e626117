/**
 * Left column: the server, my rooms (newest first), my profile. Emits `room-new`, `rooms-retry`,
 * `theme-switch`.
 */
import { emit, fill, h, set, setText } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { divided } from "../state/archived.js";
import { emptyState } from "./empty-state.js";
import { RoomRows } from "./room-rows.js";
import { searchField } from "./search-field.js";
import { avatar } from "./user-avatar.js";

/** @import {RoomRow} from "../state/room-rows.js" */
/** @import {User} from "../types.js" */

/**
 * @typedef {{rows: RoomRow[], ready: boolean, failed: boolean, server: string, me: User, online:
 *   boolean, dark: boolean}} Data
 */

/** @extends {View<Data>} */
export class RoomList extends View {
  #rooms = h("nav", { "aria-label": t("rooms.title") });
  #rows = new RoomRows(this.#rooms);
  #empty = emptyState({
    picture: "room",
    title: t("rooms.empty"),
    text: t("rooms.emptyHint"),
    actions: [h("a", { class: "button", href: "#/directory" }, t("directory.browse"))],
  });
  #failed = h(
    "div",
    { class: "problem wrap", role: "alert", hidden: true },
    h("p", null, t("rooms.failed")),
    h(
      "button",
      { class: "button", type: "button", onclick: () => emit(this, "rooms-retry") },
      t("send.retry"),
    ),
  );
  /** Until the list is there. */
  #waiting = h("div", { class: "waiting" }, this.#failed, Array.from({ length: 8 }, skeleton));
  /** At the end of the list. */
  #archived = h("button", {
    class: "button quiet archived",
    type: "button",
    hidden: true,
    onclick: () => {
      this.#showsArchived = !this.#showsArchived;
      if (this.data) this.update(this.data);
    },
  });
  #showsArchived = false;
  #search = searchField("/", () => "");
  #server = h("h1", { class: "truncate" });
  #face = avatar({ id: "", name: "", size: "m" });
  #name = h("span", { class: "truncate" });
  #theme = iconButton("moon", "", () => emit(this, "theme-switch"));

  // Lifecycle

  /** @param {AbortSignal} signal */
  subscribe(signal) {
    this.#rows.subscribe(signal);
  }

  build() {
    this.setAttribute("aria-label", t("rooms.column"));
    this.#rooms.append(this.#archived);
    this.append(
      h(
        "div",
        { class: "top" },
        h("span", { class: "logo" }, icon("logo")),
        this.#server,
        h(
          "a",
          {
            class: "icon-button",
            href: "#/directory",
            "aria-label": t("directory.browse"),
            title: t("directory.browse"),
          },
          icon("compass"),
        ),
        iconButton("compose", t("rooms.new"), () => emit(this, "room-new"), "new-room"),
      ),
      this.#search.form,
      this.#rooms,
      h(
        "div",
        { class: "me" },
        h("a", { class: "pick", href: "#/profile" }, this.#face, this.#name),
        this.#theme,
        h(
          "a",
          {
            class: "icon-button",
            href: "#/profile",
            "aria-label": t("profile.title"),
            title: t("profile.title"),
          },
          icon("settings"),
        ),
      ),
      h(
        "button",
        {
          class: "icon-button solid new",
          type: "button",
          "aria-label": t("rooms.new"),
          onclick: () => emit(this, "room-new"),
        },
        icon("compose"),
      ),
    );
  }

  /** @param {Data} data */
  update({ rows, ready, failed, server, me, online, dark }) {
    setText(this.#server, server);
    if (ready) this.#waiting.remove();
    else if (!this.#waiting.isConnected) this.#rooms.append(this.#waiting);
    this.#failed.hidden = !failed;
    const parts = divided(rows);
    const n = parts.archived.length;
    this.#archived.hidden = n === 0;
    setText(
      this.#archived,
      t(this.#showsArchived ? "rooms.hideArchived" : "rooms.showArchived", { n }),
    );
    this.#rows.show(this.#showsArchived ? [...parts.rows, ...parts.archived] : parts.rows);
    const empty = ready && rows.length === 0;
    if (empty !== this.#empty.isConnected) {
      if (empty) this.#rooms.append(this.#empty);
      else this.#empty.remove();
    }
    this.#face.face = {
      id: me.userId,
      name: me.name,
      size: "m",
      picture: me.media?.name,
      presence: online ? "here" : "offline",
    };
    fill(
      this.#name,
      me.name,
      h("span", { class: "meta" }, t(online ? "presence.online" : "presence.offline")),
    );
    const label = t(dark ? "theme.toLight" : "theme.toDark");
    if (this.#theme.title !== label)
      fill(set(this.#theme, { title: label, "aria-label": label }), icon(dark ? "sun" : "moon"));
  }

  // Actions

  search() {
    this.#search.input.focus();
  }

  /**
   * The room before or after the open one, as the list stands.
   * @param {1|-1} step
   * @param {boolean} unread only rooms with something unread
   */
  neighbour(step, unread) {
    return this.#rows.neighbour(step, unread);
  }
}

// Internal

/**
 * @param {string} picture
 * @param {string} label
 * @param {() => void} onclick
 * @param {string} [name]
 */
function iconButton(picture, label, onclick, name = "") {
  return h(
    "button",
    {
      class: `icon-button ${name}`.trim(),
      type: "button",
      "aria-label": label,
      title: label,
      onclick,
    },
    icon(picture),
  );
}

function skeleton() {
  const line = () => h("span", { class: "skeleton" });
  return h("div", { class: "row", "aria-hidden": "true" }, line(), line(), line());
}

customElements.define("room-list", RoomList);
