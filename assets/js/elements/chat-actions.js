/**
 * What each action of a leaf means: which verb of the chat it is, and where the page goes after it.
 */
import { errorText } from "../lib/errors.js";
import { searchHash } from "../lib/route.js";
import { isDark, setTheme } from "../lib/theme.js";

/** @import {MessageRow} from "../state/rows.js" */
/** @import {Context} from "../types.js" */
/** @import {ChatApp} from "./chat-app.js" */

/** What opens a dialog, in elements/dialog-actions.js, which comes with the first of them. */
const ASKS = [
  "room-new",
  "room-rename",
  "room-leave",
  "room-delete",
  "people-add",
  "person-open",
  "message-delete",
  "message-readers",
  "sessions-close",
  "account-delete",
];

/**
 * @param {ChatApp} app
 * @param {AbortSignal} signal
 */
export function handleActions(app, signal) {
  const { chat } = app;
  const { store } = chat;
  const roomId = () => store.state.visit?.roomId ?? "";
  const context = (/** @type {Context|null} */ now) => {
    store.dispatch({ type: "context_changed", context: now });
    app.update();
    app.view.composer.focus();
  };
  const from = (/** @type {"edit"|"reply"} */ kind, /** @type {MessageRow} */ row) =>
    context({ kind, messageId: row.messageId ?? "", author: row.author, content: row.content });

  /** @type {Record<string, (detail: any, roomId: string) => unknown>|undefined} */
  let asking;
  /** @type {Record<string, (detail: any) => unknown>} */
  const actions = {
    "room-join": async (id) => app.openRoom(await chat.joinRoom(id)),
    "room-mute": async (muted) => {
      const id = roomId();
      await chat.muteRoom(id, muted).finally(() => app.update());
    },
    "details-switch": () => details(app, !app.hasAttribute("data-details")),
    "details-close": () => details(app, false),

    "message-send": ({ content, replyTo, media }) => {
      chat.live.typingEnded();
      store.dispatch({ type: "context_changed", context: null });
      chat.sender.send(roomId(), content, { replyTo, media });
      app.update();
      app.view.list.toEnd();
    },
    "message-save": async ({ messageId, content }) => {
      const id = roomId();
      try {
        await chat.editMessage(id, messageId, content);
        if (store.state.context?.messageId === messageId) context(null);
      } catch (error) {
        store.dispatch({ type: "edit_failed", error: errorText(error) });
      }
    },
    "message-edit": (row) => from("edit", row),
    "message-reply": (row) => from("reply", row),
    "context-leave": () => context(null),
    "edit-last": () => {
      const { me, timelines } = store.state;
      const last = timelines[roomId()]?.messages.findLast(
        (message) => message.userId === me?.userId && !message.deletedAt,
      );
      if (last)
        context({
          kind: "edit",
          messageId: last.messageId,
          author: "",
          content: last.content ?? "",
        });
    },
    "message-react": async ({ row, at }) => (await app.dialog("reaction-picker")).open(row, at),
    "picture-open": async (what) => (await app.dialog("picture-viewer")).open(what),
    "message-menu": async (row) => (await app.dialog("action-sheet")).open(row),
    "reaction-toggle": ({ row, reaction }) =>
      chat.toggleReaction(roomId(), row.messageId, reaction),
    "send-retry": (clientId) => chat.sender.retry(clientId),
    "send-discard": (clientId) => chat.sender.discard(clientId),
    "draft-change": ({ roomId: id, text }) => chat.keepDraft(id, text),
    typing: () => chat.live.typing(roomId()),

    "history-need": ({ gap, direction }) => chat.history.fill(roomId(), gap, direction),
    "history-retry": () => {
      store.dispatch({ type: "page_retried", room_id: roomId() });
      return chat.history.latest(roomId());
    },
    "quote-need": (messageId) => chat.history.quote(roomId(), messageId),
    "end-seen": ({ roomId: id, atEnd }) =>
      chat.live.reading(
        atEnd && document.visibilityState === "visible" && isShown(app) ? id : null,
      ),
    "connection-retry": () => chat.socket.retryNow(),

    "search-change": ({ query, within }) => location.replace(searchHash(query, within)),
    "search-leave": () => app.leaveSearch(),

    "theme-switch": () => {
      setTheme(isDark() ? "light" : "dark");
      app.update();
    },
    "theme-choose": (theme) => {
      setTheme(theme);
      app.update();
    },
    "session-close": () => chat.signOut().then(() => app.showSignIn()),
  };
  for (const type of ASKS) {
    actions[type] = async (detail) => {
      const id = roomId();
      asking ??= (await import("./dialog-actions.js")).dialogActions(app);
      return asking[type](detail, id);
    };
  }
  for (const [type, action] of Object.entries(actions)) {
    app.addEventListener(
      type,
      async (event) => {
        try {
          await action(/** @type {CustomEvent} */ (event).detail);
        } catch (error) {
          app.showToast(errorText(error));
        }
      },
      { signal },
    );
  }
  document.addEventListener(
    "visibilitychange",
    () => {
      if (document.visibilityState === "hidden") chat.live.reading(null);
      else app.update();
    },
    { signal },
  );
}

/** Is the conversation what one sees, on a narrow screen too? @param {ChatApp} app */
function isShown(app) {
  return app.view.list.checkVisibility();
}

/** @param {ChatApp} app @param {boolean} shown */
function details(app, shown) {
  const { route } = app.chat.store.state;
  if (matchMedia("(width < 640px)").matches)
    location.hash = `#/${route.roomId}${shown ? "/details" : ""}`;
  else app.toggleDetails(shown);
}
