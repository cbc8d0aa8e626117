/** What each action of a leaf means: which verb of the chat it is, and where the page goes after it. */
import { errorText } from "../lib/errors.js";
import { t } from "../lib/i18n.js";
import { personName, pictureOf, roomName } from "../lib/names.js";
import { mayChangeRoles, mayName, mayRemove } from "../lib/rights.js";
import { searchHash } from "../lib/route.js";
import { isDark, setTheme } from "../lib/theme.js";

/** @import {MessageRow} from "../state/rows.js" */
/** @import {ChatApp} from "./chat-app.js" */

/**
 * @param {ChatApp} app
 * @param {AbortSignal} signal
 */
export function listenToActions(app, signal) {
  const { chat } = app;
  const { store } = chat;
  const roomId = () => store.state.visit?.roomId ?? "";
  const find = (/** @type {string} */ query) => chat.client.findPeople(query);
  const room = () => app.dialog("room-dialog");
  const context = (/** @type {typeof app.draft.context} */ now) => {
    app.draft.context = now;
    app.draft.error = "";
    app.update();
    app.view.composer.focus();
  };
  const from = (/** @type {"edit"|"reply"} */ kind, /** @type {MessageRow} */ row) =>
    context({ kind, messageId: row.messageId ?? "", author: row.author, content: row.content });

  /** @type {Record<string, (detail: any) => unknown>} */
  const actions = {
    "room-new": async () => (await room()).create(find, store.state.me?.userId, async (/** @type {any} */ wanted) => go(await chat.createRoom(wanted))),
    "room-join": async (id) => go(await chat.joinRoom(id)),
    "room-rename": async () => {
      const id = roomId();
      (await room()).rename(store.state.rooms[id].name ?? "", (/** @type {string} */ name) => chat.renameRoom(id, name));
    },
    "room-mute": async (muted) => {
      const id = roomId();
      await chat.muteRoom(id, muted).finally(() => app.update());
    },
    "room-leave": () => ask("leave", (id) => chat.leaveRoom(id).catch((error) => {
      throw error.code === "forbidden" ? new Error(t("error.lastAdmin")) : error;
    })),
    "room-delete": () => ask("deleteRoom", (id) => chat.deleteRoom(id)),
    "people-add": async () => {
      const id = roomId();
      (await room()).addPeople(find, store.state.rooms[id].participants.map((person) => person.userId), (/** @type {string[]} */ people) => chat.addPeople(id, people));
    },
    "person-open": (userId) => openPerson(app, roomId(), userId),
    "details-switch": () => details(app, !app.hasAttribute("data-details")),
    "details-close": () => details(app, false),

    "message-send": ({ content, replyTo, media }) => {
      chat.live.typingEnded();
      app.draft.context = null;
      chat.sender.send(roomId(), content, { replyTo, media });
      app.update();
      app.view.list.toEnd();
    },
    "message-save": async ({ messageId, content }) => {
      const id = roomId();
      try {
        await chat.editMessage(id, messageId, content);
        if (app.draft.context?.messageId === messageId) context(null);
      } catch (error) {
        app.draft.error = errorText(error);
        app.update();
      }
    },
    "message-edit": (row) => from("edit", row),
    "message-reply": (row) => from("reply", row),
    "context-leave": () => context(null),
    "edit-last": () => {
      const { me, timelines } = store.state;
      const last = timelines[roomId()]?.messages.findLast((message) => message.userId === me?.userId && !message.deletedAt);
      if (last) context({ kind: "edit", messageId: last.messageId, author: "", content: last.content ?? "" });
    },
    "message-delete": async (row) => {
      const id = roomId();
      (await room()).confirm({ title: t("confirm.delete"), text: t("confirm.deleteText"), action: t("action.delete") }, () => chat.client.deleteMessage(id, row.messageId));
    },
    "message-react": async ({ row, at }) => (await app.dialog("reaction-picker")).open(row, at),
    "message-readers": async (row) => {
      const id = roomId();
      const [list, readers] = await Promise.all([app.dialog("reader-list"), chat.client.readers(id, row.messageId)]);
      const { state } = store;
      list.open(readers.filter(({ userId }) => userId !== state.me?.userId && userId !== row.userId)
        .map((reader) => ({ ...reader, name: personName(state, id, reader.userId), picture: pictureOf(state, reader.userId) })));
    },
    "picture-open": async (what) => (await app.dialog("picture-viewer")).open(what),
    "message-menu": async (row) => (await app.dialog("action-sheet")).open(row),
    "reaction-toggle": ({ row, reaction }) => chat.toggleReaction(roomId(), row.messageId, reaction),
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
    "end-seen": ({ roomId: id, atEnd }) => chat.live.reading(atEnd && document.visibilityState === "visible" && isShown(app) ? id : null),
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
    "session-close": () => chat.signOut().then(signedOut),
    "sessions-close": async () => (await room()).confirm({ title: t("confirm.everywhere"), text: t("confirm.everywhereText"), action: t("session.everywhere") },
      () => chat.signOutEverywhere().then(signedOut)),
    "account-delete": async () => (await room()).confirm({ title: t("confirm.account"), text: t("confirm.accountText"), action: t("account.delete") },
      () => chat.deleteAccount().then(signedOut)),
  };
  for (const [type, action] of Object.entries(actions)) {
    app.addEventListener(type, async (event) => {
      try {
        await action(/** @type {CustomEvent} */ (event).detail);
      } catch (error) {
        app.say(errorText(error));
      }
    }, { signal });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") chat.live.reading(null);
    else app.update();
  }, { signal });

  /** @param {"leave"|"deleteRoom"} what @param {(roomId: string) => Promise<unknown>} confirmed */
  async function ask(what, confirmed) {
    const id = roomId();
    const name = roomName(store.state.rooms[id], store.state.me?.userId ?? "") || t("rooms.alone");
    (await room()).confirm({ title: t(`confirm.${what}`), text: t(`confirm.${what}Text`, { room: name }), action: t(what === "leave" ? "details.leave" : "details.delete") },
      async () => {
        await confirmed(id);
        location.hash = "#/rooms";
      });
  }
}

// Internal

function signedOut() {
  location.hash = "#/sign-in";
}

/** @param {string} roomId */
function go(roomId) {
  location.hash = `#/${roomId}`;
}

/** Is the conversation what one sees, on a narrow screen too? @param {ChatApp} app */
function isShown(app) {
  return app.view.list.checkVisibility();
}

/** @param {ChatApp} app @param {boolean} shown */
function details(app, shown) {
  const { route } = app.chat.store.state;
  if (matchMedia("(width < 640px)").matches) location.hash = `#/${route.roomId}${shown ? "/details" : ""}`;
  else app.toggleDetails(shown);
}

/** @param {ChatApp} app @param {string} roomId @param {string} userId */
async function openPerson(app, roomId, userId) {
  const { chat } = app;
  const { state } = chat.store;
  const room = state.rooms[roomId];
  const me = /** @type {import("../types.js").User} */ (state.me);
  const inside = room?.participants.find((person) => person.userId === userId);
  const dialog = await app.dialog("person-dialog");
  dialog.open({
    userId, name: inside?.name ?? personName(state, roomId, userId), picture: pictureOf(state, userId), inside, me: userId === me.userId,
    mayName: Boolean(inside) && mayName(room, me, /** @type {any} */ (inside)),
    mayChangeRole: Boolean(inside) && mayChangeRoles(room, me),
    mayRemove: Boolean(inside) && mayRemove(room, me, /** @type {any} */ (inside)),
  }, {
    save: (/** @type {any} */ change) => chat.changePerson(roomId, userId, change),
    remove: async () => (await app.dialog("room-dialog")).confirm({ title: t("confirm.remove"), text: t("confirm.removeText", { name: personName(state, roomId, userId) }), action: t("person.remove") },
      () => chat.removePerson(roomId, userId)),
    about: chat.client.person(userId),
    write: async () => go(await chat.createRoom({ targetUserIds: [userId], direct: true })),
  });
}
