/** Handles the actions that elements emit: calls the chat and moves the page. */
import { errorText } from "../lib/errors.js";
import { t } from "../lib/i18n.js";
import { parseRoute, searchHash } from "../lib/route.js";
import { isDark, setTheme } from "../lib/theme.js";
import { typeAhead } from "../lib/type-ahead.js";
import { unloaded } from "./lazy.js";

/** @import {MessageRow} from "../state/rows.js" */
/** @import {Context} from "../types.js" */
/** @import {ChatApp} from "./chat-app.js" */

/** Actions that open a dialog; elements/dialog-actions.js is fetched with the first of them. */
const LAZY = [
  "room-new",
  "room-rename",
  "room-leave",
  "room-delete",
  "people-add",
  "person-open",
  "message-menu",
  "message-copy",
  "message-link",
  "message-pin",
  "message-unpin",
  "message-delete",
  "message-readers",
  "message-thread",
  "thread-follow",
  "thread-read",
  "threads-read",
  "message-keep",
  "message-unkeep",
  "message-unread",
  "room-options",
  "room-notify",
  "room-favourite",
  "room-read",
  "room-menu",
  "room-change",
  "room-ask",
  "sessions-close",
  "account-delete",
  "link-preview",
  "places-show",
  "place-open",
  "shortcuts-show",
  "emoji-manage",
  "rooms-read",
  "commands-need",
  "command-send",
  "command-answer",
];

/** @typedef {Record<string, (detail: any) => unknown>} Actions */

/**
 * @param {ChatApp} app
 * @param {AbortSignal} signal
 */
export function handleActions(app, signal) {
  const { live } = app.chat;
  const actions = {
    ...roomActions(app),
    ...composerActions(app),
    ...messageActions(app),
    ...pageActions(app),
    ...lazyActions(app),
  };
  for (const [type, action] of Object.entries(actions)) {
    const listener = async (/** @type {Event} */ event) => {
      try {
        await action(/** @type {CustomEvent} */ (event).detail);
      } catch (error) {
        typeAhead.drop();
        app.showToast(errorText(error));
      }
    };
    app.addEventListener(type, listener, { signal });
  }
  const visibilityChanged = () => {
    if (document.visibilityState === "hidden") live.reading(null);
    else app.update();
  };
  document.addEventListener("visibilitychange", visibilityChanged, { signal });
}

// Internal

/** @param {ChatApp} app */
function openRoomOf(app) {
  return app.chat.store.state.visit?.roomId ?? "";
}

/** @param {ChatApp} app @returns {Actions} */
function roomActions(app) {
  const { chat } = app;
  return {
    "room-join": async (id) => {
      await chat.joinRoom(id);
      // The address may name a message in it.
      if (chat.store.state.route.roomId !== id) app.openRoom(id);
    },
    // In the place of a thread they are shown.
    "details-switch": () => {
      const { thread } = chat.store.state.route;
      details(app, !app.hasAttribute("data-details") || Boolean(thread));
    },
    "details-close": () => {
      details(app, false);
      app.view.header.focusDetails();
    },
  };
}

/** @param {ChatApp} app @returns {Actions} */
function composerActions(app) {
  const { chat } = app;
  const { store } = chat;
  const setContext = (/** @type {Context|null} */ context) => {
    store.dispatch({ type: "context_changed", context });
    app.update();
    app.view.composer.focus();
  };
  const from = (/** @type {"edit"|"reply"} */ kind, /** @type {MessageRow} */ row) =>
    setContext({ kind, messageId: row.messageId ?? "", author: row.author, content: row.content });
  return {
    "message-send": ({ content, ...extras }) => {
      chat.live.typingEnded();
      store.dispatch({ type: "context_changed", context: null });
      chat.send(openRoomOf(app), content, extras);
      app.update();
      app.view.list.toEnd();
    },
    "message-save": async ({ messageId, content }) => {
      try {
        await chat.editMessage(openRoomOf(app), messageId, content);
        if (store.state.context?.messageId === messageId) setContext(null);
      } catch (error) {
        store.dispatch({ type: "edit_failed", error: errorText(error) });
      }
    },
    "message-edit": (row) => from("edit", row),
    "message-reply": (row) => from("reply", row),
    "context-leave": () => setContext(null),
    "edit-last": () => {
      const { me, timelines } = store.state;
      const last = timelines[openRoomOf(app)]?.messages.findLast(
        (message) => message.userId === me?.userId && !message.deletedAt,
      );
      if (!last) return;
      const { messageId, content = "" } = last;
      setContext({ kind: "edit", messageId, author: "", content });
    },
    "emoji-needed": (start) => start(chat),
    "emoji-open": async ({ at, insert, standard }) =>
      (await app.dialog("emoji-picker")).open(at, insert, standard),
    "files-failed": (clientId) => {
      app.showToast(t("error.offline"));
      store.dispatch({ type: "send_failed", clientId, reason: "offline", lasting: true });
    },
    "draft-change": ({ roomId, text, replyTo }) => chat.keepDraft(roomId, text, replyTo),
    typing: () => chat.live.typing(openRoomOf(app)),
  };
}

/** @param {ChatApp} app @returns {Actions} */
function messageActions(app) {
  const { chat } = app;
  return {
    "message-react": async ({ row, at }) => (await app.dialog("reaction-picker")).open(row, at),
    "picture-open": async (what) => (await app.dialog("picture-viewer")).open(what),
    "reaction-toggle": ({ row, reaction }) =>
      chat.toggleReaction(openRoomOf(app), row.messageId, reaction),
    "send-retry": (clientId) => chat.retrySend(clientId),
    "send-edit": async (clientId) => {
      const text = await chat.takeBack(clientId);
      if (text !== null) app.view.composer.takeBack(text);
    },
    "send-discard": (clientId) => chat.sender.discard(clientId),

    "history-need": ({ gap, direction }) => chat.history.fill(openRoomOf(app), gap, direction),
    "history-retry": () => {
      chat.store.dispatch({ type: "page_retried", room_id: openRoomOf(app) });
      return chat.history.latest(openRoomOf(app));
    },
    "history-spare": (read) =>
      chat.store.dispatch({ type: "history_spare", room_id: openRoomOf(app), read }),
    "history-first": async () => {
      await chat.history.first(openRoomOf(app));
      app.update();
      app.view.list.toStart();
    },
    "history-day": async (day) => {
      const seq = await chat.history.since(openRoomOf(app), Date.parse(`${day}T00:00`));
      app.update();
      if (seq) app.view.list.toDay(seq);
      else app.view.list.toEnd();
    },
    "quote-need": (messageId) => chat.history.quote(openRoomOf(app), messageId),
    "end-seen": ({ roomId, atEnd }) => {
      const seen = atEnd && document.visibilityState === "visible" && app.showsRoom;
      chat.live.reading(seen ? roomId : null);
    },
  };
}

/** @param {ChatApp} app @returns {Actions} */
function pageActions(app) {
  const { chat } = app;
  const choose = (/** @type {import("../lib/theme.js").Theme} */ theme) => {
    setTheme(theme);
    app.update();
  };
  return {
    "connection-retry": () => chat.socket.retryNow(),
    "rooms-retry": () => chat.live.loadRooms(),
    "search-change": ({ query, within }) => {
      // It waits for a pause in typing, and the search may have been left meanwhile.
      if (parseRoute(location.hash).page === "search") location.replace(searchHash(query, within));
    },
    "search-leave": () => app.leaveSearch(),
    "search-open": () => {
      const shown = /** @type {any} */ (app.querySelector("search-results"));
      if (shown) return shown.focusField();
      // The page takes it over when it is loaded.
      typeAhead.open(app, t("search.messages"));
      if (chat.store.state.route.page !== "search") location.hash = searchHash("");
    },
    "theme-switch": () => choose(isDark() ? "light" : "dark"),
    "theme-choose": choose,
    "session-close": () => chat.signOut().then(() => app.showSignIn()),
  };
}

/** Actions that open a dialog. @param {ChatApp} app @returns {Actions} */
function lazyActions(app) {
  /** @type {import("./dialog-actions.js").DialogActions|undefined} */
  let found;
  const load = () => import("./dialog-actions.js");
  const perform = async (/** @type {string} */ type, /** @type {any} */ detail) => {
    const roomId = openRoomOf(app);
    found ??= (await load().catch(unloaded)).dialogActions(app);
    return found[type](detail, roomId);
  };
  return Object.fromEntries(
    LAZY.map((type) => [type, (/** @type {any} */ detail) => perform(type, detail)]),
  );
}

/** @param {ChatApp} app @param {boolean} shown */
function details(app, shown) {
  const { route } = app.chat.store.state;
  if (matchMedia("(width < 640px)").matches)
    location.hash = `#/${route.roomId}${shown ? "/details" : ""}`;
  else {
    if (route.thread) app.openRoom(route.roomId ?? "");
    app.chooseDetails(shown);
  }
}
