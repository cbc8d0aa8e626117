/** What the column beside the conversation shows of a room, and where its parts come from. */
import { t } from "../lib/i18n.js";
import { partner, personName, pictureOf, roomName } from "../lib/names.js";
import { mayManage, mayWrite } from "../lib/permissions.js";
import { members } from "../state/select.js";
import { lazy } from "./lazy.js";

/** @import {Message, Room, State, User} from "../types.js" */
/** @import {Extras} from "../state/sender.js" */
/** @import {ChatApp} from "./chat-app.js" */
/** @import {Lazy} from "./lazy.js" */

/** As many messages as the server gives at once. */
const PAGE = 200;

/** @param {ChatApp} app @param {Room} room @param {User} me */
export function detailsOf(app, room, me) {
  const { client, store } = app.chat;
  const { roomId } = room;
  const names = namesOf(store.state, roomId);
  return {
    room,
    title: roomName(room, me.userId) || t("rooms.alone"),
    direct: Boolean(partner(room, me.userId)),
    people: members(store.state, room),
    mayManage: mayManage(room, me),
    pins: { roomId, pins: store.state.pins[roomId] ?? [], mayUnpin: mayWrite(room, me), ...names },
    kept: {
      days: room.retentionDays ?? store.state.server?.retentionDays ?? 0,
      keepPinned: room.keepPinned ?? store.state.server?.keepPinned ?? true,
    },
    files: {
      roomId,
      page: PAGE,
      load: (/** @type {number|undefined} */ before) =>
        client.messages(roomId, { limit: PAGE, ...(before && { before }) }),
      ...names,
    },
    part: async (/** @type {Lazy} */ tag) => {
      await lazy(tag);
      return app.makeLazy(tag);
    },
  };
}

/** A thread has most in common with the conversation that it belongs to. @param {ChatApp} app */
export function threadOf({ chat, view }) {
  const { connection, drafts, route, threads } = chat.store.state;
  const { roomId = "", thread = "" } = route;
  return {
    messageId: thread,
    online: connection.state === "online",
    conversation: view.list.data,
    composer: view.composer.data,
    drafts,
    threads,
    answers: (/** @type {string} */ place) => chat.drafts?.answer(place),
    load: (/** @type {string} */ query) =>
      chat.client.ask("GET", `api/chatrooms/${roomId}/messages/${thread}/thread?${query}`),
    send: (/** @type {string} */ content, /** @type {Extras} */ extras) => {
      chat.live.typingEnded();
      chat.send(roomId, content, extras);
    },
    save: (/** @type {string} */ messageId, /** @type {string} */ content) =>
      chat.editMessage(roomId, messageId, content),
  };
}

// Internal

/** @param {State} state @param {string} roomId */
function namesOf(state, roomId) {
  return {
    nameOf: (/** @type {Message} */ message) => personName(state, roomId, message.userId, message),
    pictureOf: (/** @type {string} */ userId) => pictureOf(state, userId),
  };
}
