/**
 * The signed-in page: columns, pages, dialogs. The only element that calls the chat; the others
 * emit events, which elements/chat-actions.js handles.
 */
import { emit, fill, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { mediaQuery } from "../lib/media-query.js";
import { roomName } from "../lib/names.js";
import { viewOf } from "../lib/route.js";
import { isDark } from "../lib/theme.js";
import { keepPage } from "../lib/worker.js";
import { roomRows } from "../state/room-rows.js";
import { unreadThreads } from "../state/select.js";
import { handleActions } from "./chat-actions.js";
import { Pages } from "./pages.js";
import { RoomView } from "./room-view.js";
import "./connection-banner.js";
import { dropZone } from "./drop-zone.js";
import { handleKeys } from "./keyboard.js";
import { lazy } from "./lazy.js";
import { Outside } from "./outside.js";
import "./room-list.js";
import { SideColumn, sideOf } from "./side-column.js";
import { ThreadLoader } from "./thread-loader.js";

/** @import {Chat} from "../state/chat.js" */
/** @import {Lazy} from "./lazy.js" */

const make = (/** @type {string} */ tag) => /** @type {any} */ (document.createElement(tag));
const WIDE = mediaQuery("(width >= 1180px)");
const NARROW = mediaQuery("(width < 640px)");
/** Where it is kept whether the details are shown as a column. */
const DETAILS = "details";

export class ChatApp extends HTMLElement {
  /** @type {Chat} */
  chat = /** @type {any} */ (null);
  view = new RoomView(async () => (await this.chat.attachments()).uploader);
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
    t("messages.skipTo"),
  );
  #banner = make("connection-banner");
  #rooms = make("room-list");
  #pages = new Pages(this);
  #side = new SideColumn(this, this.#pages.main);
  /**
   * The browser's notifications, where they are on.
   * @type {typeof import("./notifications.js")|null}
   */
  #notify = null;
  /** Elements that were fetched lazily. @type {Map<Lazy, any>} */
  #lazy = new Map();
  #toast = h("p", { class: "toast popover", role: "alert", hidden: true });
  #tabs = h(
    "nav",
    { class: "tabs", "aria-label": t("tabs.title") },
    tab("#/rooms", "room", "rooms.title"),
    tab("#/search", "search", "search.title"),
    tab("#/directory", "compass", "directory.short"),
    tab("#/profile", "person", "profile.short"),
  );
  /** What had the focus is gone with its room. */
  #unsettled = false;
  #life = new AbortController();
  #outside = new Outside();
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #toastTimer;
  /** Previews of links, where the server makes them. @type {Promise<void>|undefined} */
  #previews;
  /** The message of the day, where there is one. @type {Promise<void>|undefined} */
  #motd;
  #threads = new ThreadLoader(this);

  // Lifecycle

  connectedCallback() {
    this.append(this.#skip, this.#banner, this.#rooms, this.#pages.main, this.#tabs, this.#toast);
    const { signal } = this.#life;
    this.chat.socket.addEventListener(
      "frame",
      (event) => this.#notice(/** @type {CustomEvent} */ (event).detail),
      { signal },
    );
    handleActions(this, signal);
    const { main } = this.#pages;
    dropZone(
      main,
      () => this.#takesFiles(),
      (files) => this.view.composer.add(files),
      signal,
    );
    this.addEventListener("focus-lost", () => this.#settle(), { signal });
    this.chat.store.addEventListener("change", () => this.update(), { signal });
    WIDE.list.addEventListener("change", () => this.toggleDetails(wantsDetails()), { signal });
    NARROW.list.addEventListener("change", () => this.update(), { signal });
    handleKeys(this, this.#rooms, signal);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.update(), {
      signal,
    });
    document.addEventListener("pointerdown", (event) => this.#pointed(event), { signal });
    document.addEventListener("keydown", (event) => this.#escaped(event), { signal });
    this.toggleDetails(wantsDetails());
    keepPage(this.chat.store, signal, async () =>
      (await import("../state/push.js")).followPush(this.chat),
    );
  }

  disconnectedCallback() {
    this.#outside.end();
    this.#life.abort();
  }

  update() {
    const { state } = this.chat.store;
    const { me, route, connection } = state;
    if (!me) return;
    // Without them nothing else is missing.
    if (state.server?.linkPreviews)
      this.#previews ??= lazy("link-previews").then(
        () => this.update(),
        () => undefined,
      );
    this.#showMotd(state.server?.motd ?? "", me.userId);
    const room = route.roomId ? state.rooms[route.roomId] : undefined;
    this.#threads.update(state);
    const side = sideOf(state, room);
    const view = viewOf(route);
    set(this, { "data-view": view, "data-details": side !== null });
    // In a single-column layout the visible column is `main`.
    set(this.#rooms, { role: NARROW.matches && view === "rooms" ? "main" : "region" });
    document.documentElement.dataset.connection = connection.state;
    if (state.reading) this.#notify?.closeNotification(state.reading);
    this.#banner.data = connection;
    this.#rooms.data = {
      rows: roomRows(state),
      ready: state.ready,
      failed: state.listFailed,
      threads: unreadThreads(state),
      server: state.server?.name || t("product"),
      me,
      online: connection.state === "online",
      dark: isDark(),
    };
    for (const link of this.#tabs.children)
      set(link, {
        "aria-current": link.getAttribute("href") === `#/${route.page}` ? "page" : null,
      });
    const before = this.#pages.room;
    const gone = Boolean(before) && !state.rooms[before];
    // What is being written outlives the room.
    if (gone) this.view.composer.store();
    this.#pages.update(this.chat.store.state, room, me);
    this.#outside.update(state, this.#pages.title(room, me));
    this.#side.update(side, room, me, NARROW.matches && view === "details");
    this.#skip.hidden = this.#pages.page !== "room" || view !== "room";
    this.#unsettled ||= gone;
    // The page that tells of it may still be fetched.
    if (this.#unsettled && this.#pages.main.firstChild) {
      this.#unsettled = false;
      this.#settle();
    }
  }

  /** Is the conversation in view? On a narrow screen another column may be. */
  get showsRoom() {
    return this.#pages.page === "room" && (!NARROW.matches || this.dataset.view === "room");
  }

  // Actions

  /**
   * A dialog or a sheet, fetched when it is first needed.
   * @param {Lazy} tag
   * @returns {Promise<any>}
   */
  async dialog(tag) {
    await lazy(tag);
    const element = this.makeLazy(tag);
    if (!element.isConnected) this.append(element);
    return element;
  }

  /**
   * An element that was fetched lazily, when it was made already.
   * @param {Lazy} tag
   */
  lazyElement(tag) {
    return this.#lazy.get(tag);
  }

  /** @param {Lazy} tag */
  makeLazy(tag) {
    const element = this.#lazy.get(tag) ?? make(tag);
    this.#lazy.set(tag, element);
    return element;
  }

  /** Returns to the room that was open before the search. */
  leaveSearch() {
    const { lastRoom } = this.#pages;
    location.hash = this.chat.store.state.rooms[lastRoom] ? `#/${lastRoom}` : "#/rooms";
  }

  /** @param {string} roomId */
  openRoom(roomId) {
    location.hash = `#/${roomId}`;
  }

  /** The page after the end of a session. */
  showSignIn() {
    location.hash = "#/sign-in";
  }

  newRoom() {
    this.dispatchEvent(new CustomEvent("room-new"));
  }

  /** @param {boolean} shown */
  toggleDetails(shown) {
    this.chat.store.dispatch({ type: "details_toggled", open: shown });
    this.update();
  }

  /** As a column of their own they stay as they were chosen. @param {boolean} shown */
  chooseDetails(shown) {
    if (WIDE.matches) localStorage.setItem(DETAILS, shown ? "open" : "closed");
    this.toggleDetails(shown);
  }

  /** @param {string} text says for a while what went wrong @param {boolean} [done] or that it is done */
  showToast(text, done = false) {
    fill(set(this.#toast, { "data-done": done }), text).hidden = false;
    clearTimeout(this.#toastTimer);
    this.#toastTimer = setTimeout(
      () => {
        this.#toast.hidden = true;
      },
      done ? 2500 : 6000,
    );
  }

  // Internal

  /** @param {import("../types.js").Frame} frame */
  async #notice(frame) {
    this.#threads.heard(frame);
    if (frame.type === "command_response") emit(this, "command-answer", frame);
    if (frame.type !== "chat_message" || localStorage.getItem("notify") !== "on") return;
    const { state } = this.chat.store;
    const away = document.visibilityState === "hidden" || !document.hasFocus();
    this.#notify ??= await import("./notifications.js");
    this.#notify.notify(state, frame, away);
  }

  /** The name of the room that takes files, null when none does. */
  #takesFiles() {
    const { rooms, me } = this.chat.store.state;
    const room = rooms[this.#pages.room];
    if (!room || !me || this.view.composer.hidden || !this.view.composer.takesFiles) return null;
    return roomName(room, me.userId) || t("rooms.alone");
  }

  /** @param {string} motd @param {string} user */
  #showMotd(motd, user) {
    if (motd)
      this.#motd ??= lazy("motd-notice").then(
        () => {
          this.#banner.after(this.makeLazy("motd-notice"));
          this.update();
        },
        () => undefined,
      );
    const notice = this.lazyElement("motd-notice");
    if (notice) notice.data = { motd, user };
  }

  /** Do the details, or a thread, lie over the conversation? */
  get #covered() {
    return this.hasAttribute("data-details") && !WIDE.matches && !NARROW.matches;
  }

  /** A click beside what lies over the conversation closes it. @param {PointerEvent} event */
  #pointed({ target }) {
    if (!this.#covered || !(target instanceof Element)) return;
    if (!target.closest("room-details, thread-panel, room-header .count, dialog, [popover]"))
      this.#uncover();
  }

  /** Escape does the same. @param {KeyboardEvent} event */
  #escaped({ key, defaultPrevented }) {
    if (key !== "Escape" || defaultPrevented || !this.#covered) return;
    if (document.querySelector("dialog[open], :popover-open")) return;
    if (this.#uncover()) this.view.header.focusDetails();
  }

  /** @returns {boolean} whether it was the details that lay there */
  #uncover() {
    const { roomId = "", thread } = this.chat.store.state.route;
    if (thread) this.openRoom(roomId);
    else this.toggleDetails(false);
    return !thread;
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
}

// Internal

/** Details are closed until somebody wants them beside the conversation. */
function wantsDetails() {
  return WIDE.matches && localStorage.getItem(DETAILS) === "open";
}

/** @param {string} href @param {string} picture @param {string} key */
function tab(href, picture, key) {
  return h("a", { href }, icon(picture), h("span", { class: "truncate" }, t(key)));
}

customElements.define("chat-app", ChatApp);
