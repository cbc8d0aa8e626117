/** What the details show of a room, and where their parts come from. */
import { partner, personName, pictureOf } from "../lib/names.js";
import { mayManage, mayWrite } from "../lib/permissions.js";
import { members } from "../state/select.js";
import { lazy } from "./lazy.js";

/** @import {Message, Room, State, User} from "../types.js" */
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
    direct: Boolean(partner(room, me.userId)),
    people: members(store.state, room),
    mayManage: mayManage(room, me),
    pins: { roomId, pins: store.state.pins[roomId] ?? [], mayUnpin: mayWrite(room, me), ...names },
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

// Internal

/** @param {State} state @param {string} roomId */
function namesOf(state, roomId) {
  return {
    nameOf: (/** @type {Message} */ message) => personName(state, roomId, message.userId, message),
    pictureOf: (/** @type {string} */ userId) => pictureOf(state, userId),
  };
}
