/**
 * The signed-in page: columns, pages, dialogs. The only element that talks to the chat; leaves emit
 * what was done, and elements/chat-actions.js says what each of that means.
 */
import { fill, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { roomName } from "../lib/names.js";
import { mayDeleteRoom, mayManage } from "../lib/rights.js";
import { viewOf } from "../lib/route.js";
import { isDark } from "../lib/theme.js";
import { members, roomRows, searchPage, totalUnread } from "../state/select.js";
import { listenToActions } from "./chat-actions.js";
import { emptyState } from "./empty-state.js";
import { RoomView } from "./room-view.js";
import "./connection-banner.js";
import { later } from "./later.js";
import "./room-list.js";

/** @import {Chat} from "../state/chat.js" */
/** @import {Later} from "./later.js" */
/** @import {Room, State, User} from "../types.js" */

const make = (/** @type {string} */ tag) => /** @type {any} */ (document.createElement(tag));
const WIDE = matchMedia("(width >= 1180px)");
/** Pages that come later, and the element of each. @type {Record<string, Later>} */
const PAGES = {
  directory: "room-directory",
  profile: "settings-page",
  server: "server-page",
  search: "search-results",
};
const NARROW = matchMedia("(width < 640px)");
/** Where a keyboard comes up over the page, nothing is focused unasked. */
const HOVER = matchMedia("(hover: hover)");

export class ChatApp extends HTMLElement {
  /** @type {Chat} */
  chat = /** @type {any} */ (null);
  /** @type {import("./room-view.js").Draft & {directory: Room[]|null, directoryError: string}} */
  draft = {
    context: null,
    error: "",
    details: WIDE.matches,
    directory: null,
    directoryError: "",
    upload: (file, progress, signal) => this.chat.client.upload(file, progress, signal),
  };
  view = new RoomView();
  /** Not a place of its own in the history: it only moves the focus. */
  #skip = h(
    "a",
    {
      class: "button skip",
      href: "#messages",
      onclick: (/** @type {Event} */ event) => {
        event.preventDefault();
        this.view.list.focus();
      },
    },
    t("messages.skip"),
  );
  #banner = make("connection-banner");
  #rooms = make("room-list");
  #main = h("main");
  /** Fetched when it is first shown. */
  #details = /** @type {any} */ (null);
  /**
   * The browser's notifications, where they are on.
   * @type {typeof import("../lib/notify.js")|null}
   */
  #notify = null;
  /** Elements that came later. @type {Map<Later, any>} */
  #later = new Map();
  #welcome = emptyState({
    picture: "compass",
    title: t("welcome.title"),
    text: t("welcome.text"),
    actions: [
      h(
        "button",
        { class: "button primary", type: "button", onclick: () => this.newRoom() },
        t("rooms.new"),
      ),
      h("a", { class: "button", href: "#/directory" }, t("directory.browse")),
    ],
  });
  #missing = emptyState({
    picture: "room",
    title: t("room.missing"),
    text: t("room.missingHint"),
    actions: [h("a", { class: "button", href: "#/rooms" }, t("header.back"))],
  });
  #toast = h("p", { class: "toast popover", role: "alert", hidden: true });
  #tabs = h(
    "nav",
    { class: "tabs", "aria-label": t("tabs.title") },
    tab("#/rooms", "room", "rooms.title"),
    tab("#/search", "search", "search.title"),
    tab("#/directory", "compass", "directory.short"),
    tab("#/profile", "person", "profile.short"),
  );
  #life = new AbortController();
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #toastTimer;
  #page = "";
  #room = "";
  /** The room that was open last. */
  #last = "";

  // Lifecycle

  connectedCallback() {
    this.append(this.#skip, this.#banner, this.#rooms, this.#main, this.#tabs, this.#toast);
    const { signal } = this.#life;
    this.chat.socket.addEventListener(
      "frame",
      (event) => this.#notice(/** @type {CustomEvent} */ (event).detail),
      { signal },
    );
    listenToActions(this, signal);
    this.addEventListener("focus-lost", () => this.#settle(), { signal });
    this.chat.store.addEventListener("change", () => this.update(), { signal });
    WIDE.addEventListener("change", () => this.toggleDetails(WIDE.matches), { signal });
    NARROW.addEventListener("change", () => this.update(), { signal });
    document.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.update(), {
      signal,
    });
    this.update();
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  update() {
    const { state } = this.chat.store;
    const { me, route, connection } = state;
    if (!me) return;
    const room = route.roomId ? state.rooms[route.roomId] : undefined;
    const details =
      Boolean(room) && route.page === "room" && (this.draft.details || Boolean(route.details));
    const view = viewOf(route);
    set(this, { "data-view": view, "data-details": details });
    // Where there is one column, it is the main one.
    set(this.#rooms, { role: NARROW.matches && view === "rooms" ? "main" : "region" });
    document.documentElement.dataset.connection = connection.state;
    document.title = title(state, room, me);
    setIcon(totalUnread(state) > 0);
    if (state.reading) this.#notify?.noticed(state.reading);
    this.#banner.data = connection;
    this.#rooms.data = {
      rows: roomRows(state),
      ready: state.ready,
      me,
      online: connection.state === "online",
      dark: isDark(),
    };
    for (const link of this.#tabs.children)
      set(link, {
        "aria-current": link.getAttribute("href") === `#/${route.page}` ? "page" : null,
      });
    const before = this.#room;
    this.#showPage(state, room, me);
    if (this.#details)
      set(this.#details, {
        hidden: !details,
        role: NARROW.matches && view === "details" ? "main" : "complementary",
      });
    this.#skip.hidden = this.#page !== "room" || view !== "room";
    if (before && !state.rooms[before]) this.#settle();
    if (room && details && !this.#details) this.#fetchDetails();
    else if (room && details) {
      this.#details.data = {
        room,
        title: roomName(room, me.userId) || t("rooms.alone"),
        people: members(state, room),
        mayManage: mayManage(room, me),
        mayDelete: mayDeleteRoom(room, me),
      };
    }
  }

  // Actions

  /**
   * A dialog or a sheet, fetched when it is first needed.
   * @param {Later} tag
   * @returns {Promise<any>}
   */
  async dialog(tag) {
    await later(tag);
    let element = this.#later.get(tag);
    if (!element) this.#later.set(tag, (element = make(tag)));
    if (!element.isConnected) this.append(element);
    return element;
  }

  /** Where one was before the search. */
  leaveSearch() {
    location.hash =
      this.#last && this.chat.store.state.rooms[this.#last] ? `#/${this.#last}` : "#/rooms";
  }

  newRoom() {
    this.dispatchEvent(new CustomEvent("room-new"));
  }

  /** @param {boolean} shown */
  toggleDetails(shown) {
    this.draft.details = shown;
    this.update();
  }

  /** @param {string} text says for a while what went wrong */
  say(text) {
    fill(this.#toast, text).hidden = false;
    clearTimeout(this.#toastTimer);
    this.#toastTimer = setTimeout(() => {
      this.#toast.hidden = true;
    }, 6000);
  }

  // Internal

  /** @param {import("../types.js").Event} frame */
  async #notice(frame) {
    if (frame.type !== "chat_message" || localStorage.getItem("notify") !== "on") return;
    const { state } = this.chat.store;
    const away = document.visibilityState === "hidden" || !document.hasFocus();
    this.#notify ??= await import("../lib/notify.js");
    this.#notify.notify(state, frame, away);
  }

  #fetchDetails() {
    later("room-details").then(
      () => {
        if (!this.#details) this.#main.after((this.#details = make("room-details")));
        this.update();
      },
      () => this.say(t("error.offline")),
    );
  }

  /** A slash begins a search, where it is not a letter of a text. @param {KeyboardEvent} event */
  #pressed(event) {
    const { target } = event;
    if (
      event.key !== "/" ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      event.isComposing ||
      document.querySelector("dialog[open]")
    )
      return;
    if (
      target instanceof HTMLElement &&
      target.closest("input, textarea, select, [contenteditable]")
    )
      return;
    event.preventDefault();
    if (this.#rooms.checkVisibility()) this.#rooms.search();
    else location.hash = "#/search";
  }

  /** @param {State} state @param {Room|undefined} room @param {User} me */
  #showPage(state, room, me) {
    const { page } = state.route;
    const wanted =
      page === "room"
        ? room
          ? "room"
          : state.ready
            ? "missing"
            : ""
        : page in PAGES && (page !== "server" || me.admin)
          ? page
          : "welcome";
    const element = this.#pageOf(wanted);
    if (wanted !== this.#page || (element && !element.isConnected)) {
      this.#page = wanted;
      set(this.#main, { class: wanted === "room" ? null : "page" });
      /** @type {Record<string, any[]>} */
      const pages = { room: this.view.parts, missing: [this.#missing], welcome: [this.#welcome] };
      fill(this.#main, pages[wanted] ?? element);
    }
    if (wanted === "room" && room) {
      this.view.update(state, room, this.draft);
      if (
        this.#room !== room.roomId &&
        !state.route.messageId &&
        HOVER.matches &&
        !document.querySelector("dialog[open]")
      )
        this.view.composer.focus();
    }
    this.#room = wanted === "room" && room ? room.roomId : "";
    this.#last = this.#room || this.#last;
    if (element) element.data = this.#dataOf(page, state, me);
  }

  /**
   * What had the focus is gone: the heading of what is there now gets it, unless one is busy
   * elsewhere already.
   */
  #settle() {
    const active = document.activeElement;
    if (active && active !== document.body && active.checkVisibility()) return;
    const heading = ["main h1, main h2", "h1"]
      .flatMap((place) => [...this.querySelectorAll(place)])
      .find((element) => element.checkVisibility());
    if (heading) /** @type {HTMLElement} */ (set(heading, { tabindex: "-1" })).focus();
  }

  /** The element of a page that comes later; null until it is there. @param {string} page */
  #pageOf(page) {
    const tag = PAGES[page];
    if (!tag) return null;
    const element = this.#later.get(tag);
    if (element) return element;
    later(tag).then(
      () => {
        if (!this.#later.has(tag)) this.#later.set(tag, make(tag));
        this.update();
      },
      () => this.say(t("error.offline")),
    );
    return null;
  }

  /** @param {string} page @param {State} state @param {User} me */
  #dataOf(page, state, me) {
    if (page === "directory")
      return {
        rooms: this.draft.directory,
        mine: new Set(Object.keys(state.rooms)),
        error: this.draft.directoryError,
      };
    if (page === "search")
      return {
        ...searchPage(state, this.#last),
        search: (/** @type {any} */ query) => this.chat.search(query),
      };
    const { client } = this.chat;
    if (page === "server") {
      const host = () => this.dialog("room-dialog");
      return {
        me,
        command: client.command,
        host,
        ask: async (/** @type {any} */ words, /** @type {any} */ confirmed) =>
          (await host()).confirm(words, confirmed),
      };
    }
    return {
      me,
      save: (/** @type {any} */ change) => this.chat.changeMe(change),
      upload: this.draft.upload,
      sessions: client.sessions,
      endSession: client.endSession,
    };
  }
}

// Internal

/** @param {State} state @param {Room|undefined} room @param {User} me */
function title(state, room, me) {
  const unread = totalUnread(state);
  const name =
    room && state.route.page === "room"
      ? `${roomName(room, me.userId) || t("rooms.alone")} — `
      : "";
  return `${unread ? `(${unread}) ` : ""}${name}${t("product")}`;
}

/** A dot on the page's icon while something is unread. @param {boolean} unread */
function setIcon(unread) {
  const link = document.querySelector("link[rel=icon]");
  const href = unread ? "favicon-unread.svg" : "favicon.svg";
  if (link?.getAttribute("href") !== href) link?.setAttribute("href", href);
}

/** @param {string} href @param {string} picture @param {string} key */
function tab(href, picture, key) {
  return h("a", { href }, icon(picture), h("span", { class: "truncate" }, t(key)));
}

customElements.define("chat-app", ChatApp);
