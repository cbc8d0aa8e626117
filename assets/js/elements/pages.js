/**
 * The main column: the conversation, or the page that the address names. Pages other than the
 * conversation are fetched when they are first shown.
 */
import { emit, fill, h, set } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { mediaQuery } from "../lib/media-query.js";
import { roomName } from "../lib/names.js";
import { typeAhead } from "../lib/type-ahead.js";
import { absence, searchPage } from "../state/select.js";
import { emptyState } from "./empty-state.js";
import { lazy } from "./lazy.js";

/** @import {Room, State, User} from "../types.js" */
/** @import {ChatApp} from "./chat-app.js" */
/** @import {Lazy} from "./lazy.js" */

/** The element of each page. @type {Record<string, Lazy>} */
const PAGES = {
  directory: "room-directory",
  profile: "settings-page",
  server: "server-page",
  saved: "saved-list",
  threads: "threads-list",
  absent: "room-absent",
  search: "search-results",
};
/** Of a page, and of its tab. */
const HEADINGS = "h1, .tablist > [aria-selected='true']";
/** Without a hovering pointer a focused field opens the on-screen keyboard over the page. */
const HOVER = mediaQuery("(hover: hover)");

export class Pages {
  main = h("main");
  /** What is shown. */
  page = "";
  /** The open room, "" when another page is shown. */
  room = "";
  /** The room that was open last. */
  lastRoom = "";
  #app;
  #welcome = emptyState({
    picture: "compass",
    title: t("welcome.title"),
    text: t("welcome.text"),
    actions: [
      h(
        "button",
        { class: "button primary", type: "button", onclick: () => this.#app.newRoom() },
        t("rooms.new"),
      ),
      h("a", { class: "button", href: "#/directory" }, t("directory.browse")),
    ],
  });
  #failed = emptyState({
    picture: "offline",
    title: t("rooms.failed"),
    actions: [
      h(
        "button",
        {
          class: "button",
          type: "button",
          onclick: (/** @type {Event} */ event) =>
            emit(/** @type {Element} */ (event.currentTarget), "rooms-retry"),
        },
        t("connection.retry"),
      ),
    ],
  });

  /** @param {ChatApp} app */
  constructor(app) {
    this.#app = app;
  }

  /** @param {State} state @param {Room|undefined} room @param {User} me */
  update(state, room, me) {
    const page = pageOf(state, room, me);
    const element = this.#elementOf(page);
    const { view } = this.#app;
    if (page !== this.page || (element && !element.isConnected)) {
      this.page = page;
      set(this.main, { class: page === "room" ? null : "page" });
      /** @type {Record<string, any[]>} */
      const parts = {
        room: view.parts,
        welcome: [this.#welcome],
        failed: [this.#failed],
      };
      fill(this.main, parts[page] ?? element);
    }
    const open = page === "room" ? room : undefined;
    if (open) {
      view.update(state, open);
      const entered = this.room !== open.roomId && !state.route.messageId;
      if (entered && HOVER.matches && !document.querySelector("dialog[open]")) {
        view.composer.focus();
      }
    }
    this.room = open?.roomId ?? "";
    this.lastRoom = this.room || this.lastRoom;
    if (element) element.data = this.#dataOf(page, state, me);
  }

  /**
   * What the browser calls the page: the room, or the headings of the page and of its tab.
   * @param {Room|undefined} room
   * @param {User} me
   */
  title(room, me) {
    if (this.page === "room" && room) return roomName(room, me.userId) || t("rooms.alone");
    const headings = this.main.querySelectorAll(HEADINGS);
    return [...headings]
      .map(({ textContent }) => textContent)
      .reverse()
      .join(" — ");
  }

  // Internal

  /** The element of a page that is fetched lazily; null until it is there. @param {string} page */
  #elementOf(page) {
    const tag = PAGES[page];
    if (!tag) return null;
    const element = this.#app.lazyElement(tag);
    if (element) return element;
    lazy(tag).then(
      () => {
        this.#app.makeLazy(tag);
        this.#app.update();
      },
      () => {
        typeAhead.drop();
        this.#app.showToast(t("error.offline"));
      },
    );
    return null;
  }

  /** @param {string} page @param {State} state @param {User} me */
  #dataOf(page, state, me) {
    const { chat } = this.#app;
    const { client } = chat;
    switch (page) {
      case "directory":
        return { ...state.directory, mine: new Set(Object.keys(state.rooms)) };
      case "search":
        return {
          ...searchPage(state, this.lastRoom),
          search: (/** @type {any} */ query) => chat.search(query),
          chat,
        };
      case "saved": {
        const { about } = searchPage(state, this.lastRoom);
        const load = (/** @type {string|undefined} */ before) =>
          client.saved({ limit: 50, ...(before && { before }) });
        return { load, about, saved: state.saved };
      }
      case "threads": {
        const { about } = searchPage(state, this.lastRoom);
        const load = (/** @type {string|undefined} */ before) =>
          client.ask("GET", `api/users/me/threads?limit=30${before ? `&before=${before}` : ""}`);
        return { load, about, threads: state.threads, drafts: state.drafts };
      }
      case "absent":
        return absence(state);
      case "server": {
        const host = () => this.#app.dialog("room-dialog");
        // They may be asked for before the server has told them.
        const facts = () => chat.store.state.server ?? {};
        return { me, tab: state.route.tab, command: client.command, host, facts };
      }
      default:
        return {
          me,
          save: (/** @type {any} */ change) => chat.changeMe(change),
          upload: client.upload.bind(client),
          passwords: state.server?.localLogin !== false,
          sessions: client.sessions,
          endSession: client.endSession,
          tokens: {
            ask: client.ask,
            creates: Boolean(state.server?.personalTokens),
            host: () => this.#app.dialog("room-dialog"),
          },
          push: chat,
          preferences: state.preferences,
          prefer: async (/** @type {object} */ change) => {
            const preferences = await client.changePreferences(change);
            chat.store.dispatch({ type: "preferences_loaded", preferences });
          },
        };
    }
  }
}

// Internal

/** @param {State} state @param {Room|undefined} room @param {User} me */
function pageOf({ route, ready, listFailed, found, lost }, room, me) {
  if (route.page === "room") {
    if (room) return "room";
    if (listFailed) return "failed";
    return ready && (lost || found[route.roomId ?? ""] !== undefined) ? "absent" : "";
  }
  if (route.page in PAGES && (route.page !== "server" || me.admin)) return route.page;
  return listFailed ? "failed" : "welcome";
}
