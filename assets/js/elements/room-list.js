/**
 * Left column: the server, my rooms (newest first, in sections), my profile. Emits `room-new`,
 * `room-options`, `rooms-retry`, `search-open`, `theme-switch`.
 */
import { emit, fill, h, set, setText } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { menuPress } from "../lib/long-press.js";
import { View } from "../lib/view.js";
import { divided } from "../state/archived.js";
import { sectioned } from "../state/sections.js";
import { emptyState } from "./empty-state.js";
import { RoomRows } from "./room-rows.js";
import { statusMark } from "./status-mark.js";
import { avatar } from "./user-avatar.js";

/** @import {RoomRow} from "../state/room-rows.js" */
/** @import {User} from "../types.js" */

/**
 * @typedef {{rows: RoomRow[], ready: boolean, failed: boolean, threads: number, server: string, me:
 *   User, online: boolean, dark: boolean}} Data threads: how many have unread replies
 */

/** A name with more letters is smaller, and has two lines. */
const LONG = 14;
/** Where it is kept which sections are folded. */
const FOLDED = "folded";

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
  /** Names of sections. @type {Set<string>} */
  #folded = new Set(JSON.parse(localStorage.getItem(FOLDED) ?? "[]"));
  #divide = (/** @type {RoomRow[]} */ rows) => sectioned(rows, this.#folded);
  /** Looks like a field and opens the page that has it: there is one field to search with. */
  #search = h(
    "button",
    { type: "button", title: t("search.messages"), onclick: () => emit(this, "search-open") },
    h("span", { class: "truncate" }, t("search.placeholder")),
  );
  #threads = placeLink("#/threads", "thread", t("rooms.threads"), "threads");
  #unread = h("span", { class: "badge", "aria-hidden": "true" });
  #server = h("h1");
  #face = avatar({ id: "", name: "", size: "m" });
  #name = h("span", { class: "truncate" });
  #theme = iconButton("moon", "", () => emit(this, "theme-switch"));

  // Lifecycle

  /** @param {AbortSignal} signal */
  subscribe(signal) {
    this.#rows.subscribe(signal);
    this.#rooms.addEventListener("click", (event) => this.#clicked(event), { signal });
    this.#rooms.addEventListener(
      "contextmenu",
      (event) => {
        if (this.#asked(event.target)) event.preventDefault();
      },
      { signal },
    );
  }

  build() {
    this.setAttribute("aria-label", t("rooms.column"));
    menuPress(this.#rooms, (target) => this.#asked(target));
    this.#rooms.append(this.#archived);
    this.append(
      h(
        "div",
        { class: "top" },
        h("span", { class: "logo" }, icon("logo")),
        this.#server,
        iconLink("#/directory", "compass", t("directory.browse")),
        iconButton("compose", t("rooms.new"), () => emit(this, "room-new"), "new-room"),
      ),
      h(
        "div",
        { class: "search-field" },
        icon("search", "small"),
        this.#search,
        h("kbd", { "aria-hidden": "true" }, "/"),
      ),
      h(
        "div",
        { class: "places" },
        this.#threads,
        set(placeLink("#/saved", "bookmark", t("rooms.savedShort"), "saved"), {
          title: t("rooms.saved"),
        }),
      ),
      this.#rooms,
      h(
        "div",
        { class: "me" },
        h("a", { class: "pick", href: "#/profile" }, this.#face, this.#name),
        this.#theme,
        iconLink("#/profile", "settings", t("profile.title")),
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
  update({ rows, ready, failed, threads, server, me, online, dark }) {
    const long = [...server].length > LONG;
    setText(set(this.#server, { title: server, "data-long": long }), server);
    this.#countThreads(threads);
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
    this.#rows.show(
      this.#showsArchived ? [...parts.rows, ...parts.archived] : parts.rows,
      this.#divide,
    );
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
      statusMark(me.status),
      h("span", { class: "meta" }, t(online ? "presence.online" : "presence.offline")),
    );
    const label = t(dark ? "theme.toLight" : "theme.toDark");
    if (this.#theme.title !== label)
      fill(set(this.#theme, { title: label, "aria-label": label }), icon(dark ? "sun" : "moon"));
  }

  // Actions

  /**
   * The room before or after the open one, as the list stands.
   * @param {1|-1} step
   * @param {boolean} unread only rooms with something unread
   */
  neighbour(step, unread) {
    return this.#rows.neighbour(step, unread);
  }

  // Internal

  /** @param {number} n with unread replies */
  #countThreads(n) {
    const name = t("rooms.threads");
    const label = n ? `${name}, ${t("rooms.unread", { n })}` : name;
    if (this.#threads.title === label) return;
    set(this.#threads, { title: label, "aria-label": label });
    this.#unread.remove();
    if (n) this.#threads.append(fill(this.#unread, n > 99 ? "99+" : n));
  }

  /** Folds a section, or unfolds it. @param {Event} event */
  #clicked({ target }) {
    const found = /** @type {HTMLElement|null} */ (
      /** @type {Element} */ (target).closest("[data-section]")
    );
    const name = found?.dataset.section;
    if (!name) return;
    if (!this.#folded.delete(name)) this.#folded.add(name);
    localStorage.setItem(FOLDED, JSON.stringify([...this.#folded]));
    if (this.data) this.update(this.data);
  }

  /**
   * The menu of a row, also by its key.
   * @param {EventTarget|null} target
   * @returns {boolean} false where there is no row
   */
  #asked(target) {
    const row = /** @type {Element} */ (target).closest("a.row");
    const roomId = row?.getAttribute("href")?.slice(2);
    if (!row || !roomId) return false;
    emit(this, "room-options", { roomId, at: row });
    return true;
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

/** @param {string} href @param {string} picture @param {string} label */
function iconLink(href, picture, label) {
  return h("a", { class: "icon-button", href, "aria-label": label, title: label }, icon(picture));
}

/**
 * A list that is not a room.
 * @param {string} href
 * @param {string} picture
 * @param {string} label
 * @param {string} name
 */
function placeLink(href, picture, label, name) {
  const place = { class: `pick ${name}`, href, title: label };
  return h("a", place, icon(picture), h("span", { class: "truncate" }, label));
}

function skeleton() {
  const line = () => h("span", { class: "skeleton" });
  return h("div", { class: "row", "aria-hidden": "true" }, line(), line(), line());
}

customElements.define("room-list", RoomList);
