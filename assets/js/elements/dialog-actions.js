/**
 * Handles the actions that open a dialog: confirmations, forms, profiles. Loaded with the first of
 * them.
 */
import { t } from "../lib/i18n.js";
import { personName, pictureOf, roomName } from "../lib/names.js";
import { mayChangeRoles, mayName, mayRemove } from "../lib/permissions.js";
import { typeAhead } from "../lib/type-ahead.js";
import { presenceOf } from "../state/online.js";
import { PlaceSearch } from "../state/place-search.js";
import { attentionActions } from "./attention-actions.js";
import { commandActions } from "./command-actions.js";
import { openEmojiDialog } from "./emoji-dialog.js";
import { menuActions } from "./menu-actions.js";
import { previewActions } from "./preview-actions.js";

/** @import {ChatApp} from "./chat-app.js" */

/** Rooms and people that fit without much scrolling. */
const PLACES_SHOWN = 20;

/** @typedef {Record<string, (detail: any, roomId: string) => unknown>} DialogActions */

/**
 * @param {ChatApp} app
 * @returns {DialogActions} each with the room that was open when it was asked for
 */
export function dialogActions(app) {
  return {
    ...roomActions(app),
    ...messageActions(app),
    ...accountActions(app),
    ...placeActions(app),
    ...menuActions(app),
    ...attentionActions(app),
    ...previewActions(app),
    ...commandActions(app),
  };
}

// Internal

/** @param {ChatApp} app @returns {DialogActions} */
function roomActions(app) {
  const { chat } = app;
  const { store } = chat;
  const find = (/** @type {string} */ query) => chat.client.findPeople(query);
  const dialog = () => app.dialog("room-dialog");

  /**
   * @param {"leave"|"deleteRoom"} what
   * @param {string} id
   * @param {() => Promise<unknown>} confirmed
   */
  async function confirm(what, id, confirmed) {
    const name = roomName(store.state.rooms[id], store.state.me?.userId ?? "") || t("rooms.alone");
    const texts = {
      title: t(`confirm.${what}`),
      text: t(`confirm.${what}Text`, { room: name }),
      action: t(what === "leave" ? "details.leave" : "details.delete"),
    };
    (await dialog()).confirm(texts, async () => {
      await confirmed();
      location.hash = "#/rooms";
    });
  }

  return {
    "room-new": async () => {
      const create = async (/** @type {any} */ wanted) =>
        app.openRoom(await chat.createRoom(wanted));
      (await dialog()).create(find, store.state.me?.userId, create);
    },
    "room-leave": (_, id) =>
      confirm("leave", id, () =>
        chat.leaveRoom(id).catch((error) => {
          throw error.code === "forbidden" ? new Error(t("error.lastAdmin")) : error;
        }),
      ),
    "room-delete": (_, id) => confirm("deleteRoom", id, () => chat.deleteRoom(id)),
    "people-add": async (_, id) => {
      const inside = store.state.rooms[id].participants.map((person) => person.userId);
      const add = (/** @type {string[]} */ people) => chat.addPeople(id, people);
      (await dialog()).addPeople(find, inside, add);
    },
    "person-open": (userId, id) => openPerson(app, id, userId),
  };
}

/** @param {ChatApp} app @returns {DialogActions} */
function messageActions(app) {
  const { chat } = app;
  return {
    "message-delete": async (row, id) => {
      (await app.dialog("room-dialog")).confirm(
        { title: t("confirm.delete"), text: t("confirm.deleteText"), action: t("action.delete") },
        () => chat.client.deleteMessage(id, row.messageId),
      );
    },
    "message-thread": ({ messageId }, id) => {
      location.hash = `#/${id}/${messageId}/thread`;
    },
    "thread-follow": ({ messageId, following }, id) =>
      chat.client.ask(
        following ? "PUT" : "DELETE",
        `api/chatrooms/${id}/messages/${messageId}/thread/follow`,
      ),
    // It is told again with the next reply, so that nobody needs to hear of a failure.
    "thread-read": (messageId, id) =>
      chat.client
        .ask("POST", `api/chatrooms/${id}/messages/${messageId}/thread/read`)
        .catch(() => undefined),
    "threads-read": () => chat.client.ask("POST", "api/users/me/threads/read"),
    "message-readers": async (row, id) => {
      const [list, readers] = await Promise.all([
        app.dialog("reader-list"),
        chat.client.readers(id, row.messageId),
      ]);
      const { state } = chat.store;
      list.open(
        readers
          .filter(({ userId }) => userId !== state.me?.userId && userId !== row.userId)
          .map((reader) => ({
            ...reader,
            name: personName(state, id, reader.userId),
            picture: pictureOf(state, reader.userId),
          })),
      );
    },
  };
}

/** @param {ChatApp} app @returns {DialogActions} */
function accountActions(app) {
  const { chat } = app;
  const confirm = async (/** @type {any} */ texts, /** @type {() => Promise<void>} */ confirmed) =>
    (await app.dialog("room-dialog")).confirm(texts, () =>
      confirmed().then(() => app.showSignIn()),
    );
  return {
    "sessions-close": () =>
      confirm(
        {
          title: t("confirm.everywhere"),
          text: t("confirm.everywhereText"),
          action: t("session.everywhere"),
        },
        () => chat.signOutEverywhere(),
      ),
    "account-delete": () =>
      confirm(
        {
          title: t("confirm.account"),
          text: t("confirm.accountText"),
          action: t("account.delete"),
        },
        () => chat.deleteAccount(),
      ),
  };
}

/** @param {ChatApp} app @returns {DialogActions} */
function placeActions(app) {
  const { chat } = app;
  const places = new PlaceSearch(chat);
  return {
    "places-show": async () => {
      const switcher = await app.dialog("quick-switcher");
      const shown = showsPeople(app, () => switcher.refresh());
      const commands = {
        find: (/** @type {string} */ query) => {
          const found = places.find(query, PLACES_SHOWN);
          shown.name(found.flatMap(({ person }) => person ?? []));
          return found;
        },
        ask: (/** @type {string} */ query) => places.ask(query),
      };
      shown.until(switcher.toggle(commands, await typeAhead.take()));
    },
    "place-open": async ({ kind, id }) =>
      app.openRoom(
        kind === "person" ? await chat.createRoom({ targetUserIds: [id], direct: true }) : id,
      ),
    "emoji-manage": async () =>
      openEmojiDialog(await app.dialog("room-dialog"), chat.store.state.me?.userId ?? ""),
    "shortcuts-show": async () => (await app.dialog("shortcut-help")).open(),
    "rooms-read": async () => {
      const rooms = Object.values(chat.store.state.rooms).filter((room) => room.unreadCount);
      if (rooms.length === 0) return app.showToast(t("rooms.allRead"));
      (await app.dialog("room-dialog")).confirm(
        {
          title: t("confirm.readAll"),
          text: t("confirm.readAllText", { n: rooms.length }),
          action: t("confirm.readAllAction"),
          danger: false,
        },
        () => chat.live.readAll(),
      );
    },
  };
}

/** @param {ChatApp} app @param {string} roomId @param {string} userId */
async function openPerson(app, roomId, userId) {
  const { chat } = app;
  const { state } = chat.store;
  const room = state.rooms[roomId];
  const me = /** @type {import("../types.js").User} */ (state.me);
  const inside = room?.participants.find((person) => person.userId === userId);
  const dialog = await app.dialog("person-dialog");
  const shown = showsPeople(app, () => dialog.tell(presenceOf(chat.store.state, userId)));
  shown.name([userId]);
  const opened = dialog.open(
    {
      userId,
      name: inside?.name ?? personName(state, roomId, userId),
      picture: pictureOf(state, userId),
      inside,
      me: userId === me.userId,
      mayName: Boolean(inside) && mayName(room, me, /** @type {any} */ (inside)),
      mayChangeRole: Boolean(inside) && mayChangeRoles(room, me),
      mayRemove: Boolean(inside) && mayRemove(room, me, /** @type {any} */ (inside)),
    },
    {
      save: (/** @type {any} */ change) => chat.changePerson(roomId, userId, change),
      remove: async () =>
        (await app.dialog("room-dialog")).confirm(
          {
            title: t("confirm.remove"),
            text: t("confirm.removeText", { name: personName(state, roomId, userId) }),
            action: t("person.remove"),
          },
          () => chat.removePerson(roomId, userId),
        ),
      about: chat.client.person(userId),
      write: async () =>
        app.openRoom(await chat.createRoom({ targetUserIds: [userId], direct: true })),
    },
  );
  dialog.tell(presenceOf(chat.store.state, userId));
  shown.until(opened);
}

/**
 * People of whom a dialog shows whether they are online, until it is closed.
 * @param {ChatApp} app
 * @param {() => void} changed somebody has come or gone
 */
function showsPeople({ chat: { store } }, changed) {
  let known = store.state.presence;
  const told = () => {
    if (store.state.presence === known) return;
    known = store.state.presence;
    changed();
  };
  /** @param {string[]} people */
  const name = (people) => {
    if (people.join() !== store.state.shown.join())
      store.dispatch({ type: "people_shown", people });
  };
  /** @param {HTMLDialogElement|null} dialog */
  const until = (dialog) => {
    if (!dialog) return;
    store.addEventListener("change", told);
    const closed = () => {
      store.removeEventListener("change", told);
      name([]);
    };
    dialog.addEventListener("close", closed, { once: true });
  };
  return { name, until };
}
