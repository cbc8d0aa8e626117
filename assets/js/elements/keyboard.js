/**
 * Shortcuts that work wherever the focus is. Emits `places-show`, `shortcuts-show`, `rooms-read`,
 * `search-open`.
 */
import { emit } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { shortcutOf } from "../lib/shortcuts.js";
import { typeAhead } from "../lib/type-ahead.js";

/** @import {ChatApp} from "./chat-app.js" */
/** @import {RoomList} from "./room-list.js" */

const FIELDS = "input, textarea, select, [contenteditable]";

/**
 * @param {ChatApp} app
 * @param {RoomList} rooms
 * @param {AbortSignal} signal
 */
export function handleKeys(app, rooms, signal) {
  const go = (/** @type {1|-1} */ step, unread = false) => {
    const next = rooms.neighbour(step, unread);
    if (next) app.openRoom(next);
  };
  /** @type {Record<Exclude<import("../lib/shortcuts.js").Shortcut, "write">, () => void>} */
  const actions = {
    switch: () => {
      if (!app.lazyElement("quick-switcher")) typeAhead.open(app, t("search.title"));
      emit(app, "places-show");
    },
    help: () => emit(app, "shortcuts-show"),
    readAll: () => emit(app, "rooms-read"),
    search: () => emit(app, "search-open"),
    previous: () => go(-1),
    next: () => go(1),
    previousUnread: () => go(-1, true),
    nextUnread: () => go(1, true),
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const shortcut = shortcutOf(event, whereIs(event.target, app));
    if (!shortcut) return;
    // What is typed goes into the message.
    if (shortcut === "write") {
      if (app.showsRoom) app.view.composer.focus();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    actions[shortcut]();
  };
  // Before the elements, which have arrow keys of their own.
  document.addEventListener("keydown", pressed, { signal, capture: true });
}

// Internal

/** @param {EventTarget|null} target @param {ChatApp} app */
function whereIs(target, app) {
  const element = target instanceof HTMLElement ? target : document.body;
  const open = document.querySelector("dialog[open]");
  return {
    writing: element.closest(FIELDS) !== null,
    // The switcher closes with the key that opens it.
    dialog: open !== null,
    free: element === document.body || element.matches("h1, h2") || element === app,
  };
}
