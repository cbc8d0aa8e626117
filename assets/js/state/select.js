/** What the elements show, taken out of the state. Pure. */
import { snippet } from "../lib/markdown.js";
import { others, partner, personName, pictureOf, roomName } from "../lib/names.js";

/** @import {Participant, Room, State} from "../types.js" */

/**
 * @typedef {object} RoomRow
 * @property {string} roomId
 * @property {string} name
 * @property {string} [person] login name of the other, in a conversation of two
 * @property {string} [picture] of the other
 * @property {boolean} locked
 * @property {string} at
 * @property {string} who author of the last message, "" for none
 * @property {boolean} mine
 * @property {string|null} snippet null: deleted
 * @property {boolean} empty
 * @property {string} draft what I have begun to write, not in the open room
 * @property {number} unread
 * @property {number} mentions
 * @property {boolean} muted
 * @property {boolean} current
 */

/**
 * My rooms, newest activity first.
 * @param {State} state
 * @returns {RoomRow[]}
 */
export function roomRows(state) {
  const me = state.me?.userId ?? "";
  return Object.values(state.rooms)
    .map((room) => {
      const last = room.lastMessage;
      const other = partner(room, me);
      return {
        roomId: room.roomId,
        name: roomName(room, me),
        person: other?.userId,
        picture: pictureOf(state, other?.userId),
        locked: room.visibility === "private" && Boolean(room.name),
        at: last?.createdAt ?? room.createdAt,
        who: last && !other ? personName(state, room.roomId, last.userId, last) : "",
        mine: last?.userId === me,
        snippet: last?.deletedAt ? null : snippet(last?.content ?? ""),
        empty: !last,
        draft: state.visit?.roomId === room.roomId ? "" : snippet(state.drafts[room.roomId] ?? ""),
        unread: room.unreadCount ?? 0,
        mentions: room.mentionCount ?? 0,
        muted: Boolean(room.muted),
        current: state.visit?.roomId === room.roomId,
      };
    })
    .sort((a, b) => b.at.localeCompare(a.at) || b.roomId.localeCompare(a.roomId));
}

/**
 * What the title counts: everything unread, but not in muted rooms.
 * @param {State} state
 * @param {string} [except] a room that does not count
 */
export function totalUnread(state, except) {
  return Object.values(state.rooms).reduce(
    (sum, room) => sum + (room.roomId === except || room.muted ? 0 : (room.unreadCount ?? 0)),
    0,
  );
}

/**
 * Who writes in a room now, by name.
 * @param {State} state
 * @param {string} roomId
 * @returns {string[]}
 */
export function typingNames(state, roomId) {
  return Object.keys(state.typing[roomId] ?? {}).map((userId) => personName(state, roomId, userId));
}

/**
 * @typedef {Participant & {shown: string, picture?: string, here: boolean, owner: boolean, me:
 *   boolean}} Member
 */

/**
 * People of a room by name, those who are here first.
 * @param {State} state
 * @param {Room} room
 * @returns {{here: Member[], away: Member[]}}
 */
export function members(state, room) {
  const online = new Set(state.online[room.roomId]);
  const me = state.me?.userId;
  if (state.connection.state === "online" && me) online.add(me);
  const all = room.participants
    .map((person) => ({
      ...person,
      shown: person.edited_name || person.name,
      picture: pictureOf(state, person.userId),
      here: online.has(person.userId),
      owner: person.userId === room.ownerId,
      me: person.userId === me,
    }))
    .sort((a, b) => a.shown.localeCompare(b.shown));
  return { here: all.filter((person) => person.here), away: all.filter((person) => !person.here) };
}

/**
 * The people who can be mentioned in a room: everyone else.
 * @param {State} state
 * @param {Room} room
 */
export function candidates(state, room) {
  return room.participants
    .filter((person) => person.userId !== state.me?.userId)
    .map((person) => ({
      userId: person.userId,
      name: person.edited_name || person.name,
      picture: pictureOf(state, person.userId),
    }));
}

/**
 * Is this a conversation of a few without a name?
 * @param {Room} room
 * @param {string} me
 */
export function isDirect(room, me) {
  return !room.name && others(room, me).length > 0;
}

/**
 * What the page of results shows of the state; `last` is the room one may search in instead of
 * everywhere.
 * @param {State} state
 * @param {string} last
 */
export function searchPage(state, last) {
  const { query = "", within } = state.route;
  const me = state.me?.userId ?? "";
  const room = state.rooms[within ?? last];
  return {
    query,
    within,
    room: room ? { roomId: room.roomId, name: roomName(room, me) || room.roomId } : null,
    about: (/** @type {import("../types.js").Hit} */ hit) => {
      const where = state.rooms[hit.roomId];
      return {
        author: personName(state, hit.roomId, hit.userId, hit),
        picture: pictureOf(state, hit.userId),
        room: where ? roomName(where, me) || hit.roomId : hit.roomId,
        direct: Boolean(where && isDirect(where, me)),
      };
    },
  };
}
