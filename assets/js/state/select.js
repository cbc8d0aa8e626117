/** What the elements show, taken out of the state. Pure. */
import { others, personName, pictureOf, roomName } from "../lib/names.js";
import { same } from "../lib/same.js";
import { levelOf } from "../lib/attention.js";
import { statusOf } from "../lib/status.js";
import { presenceOf } from "./online.js";

/** @import {Participant, Room, State} from "../types.js" */
/** @import {Presence} from "../types-own.js" */

/**
 * What the title counts: what is unread in rooms in which everything notifies, and mentions in those
 * in which only they do.
 * @param {State} state
 * @param {string} [except] a room that does not count
 */
export function totalUnread(state, except = "") {
  const { rooms, preferences, me } = state;
  const of = [rooms, preferences, me];
  if (!same(of, total.of)) {
    total.of = of;
    total.sum = Object.values(rooms).reduce((sum, room) => sum + counted(state, room), 0);
  }
  return total.sum - (rooms[except] ? counted(state, rooms[except]) : 0);
}

/**
 * Whether the message of a notification was read. The push service may be faster than the socket:
 * what the page has not heard of is unread.
 * @param {Pick<State, "rooms">} state
 * @param {{tag: string, data?: {hash?: string}}} shown
 */
export function isRead({ rooms }, { tag, data }) {
  const room = rooms[tag];
  if (!room) return true;
  const number = (/** @type {string|undefined} */ id) => Number(id?.match(/\d+$/)?.[0] ?? 0);
  return !room.unreadCount && number(data?.hash) <= number(room.lastMessage?.messageId);
}

/** What is unread in all rooms, and what it was counted of. */
const total = { of: /** @type {unknown[]} */ ([]), sum: 0 };

/** How many threads that I follow have unread replies. @param {State} state */
export function unreadThreads({ threads }) {
  return Object.values(threads ?? {}).filter(({ unread }) => unread).length;
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
 * @typedef {Participant & {shown: string, picture?: string, presence: Presence, owner: boolean, me:
 *   boolean, status: import("../types-own.js").Status|null}} Member
 */

/**
 * @typedef {{roomId: string, here: Member[], away: Member[], offline: Member[], known: boolean}}
 *   Members known: without a connection nobody knows who is online
 */

/** What the people of a room were made of last. */
const last = { of: /** @type {unknown[]} */ ([]), members: /** @type {Members|null} */ (null) };

/**
 * People of a room by name, those who are online apart from those who are away, and from the others.
 * @param {State} state
 * @param {Room} room
 * @returns {Members} the same object while nothing in it changes
 */
export function members(state, room) {
  const { participants, ownerId } = room;
  const me = state.me?.userId;
  const connected = state.connection.state === "online";
  const statuses = [state.statuses, state.me?.status];
  const of = [
    room.roomId,
    participants,
    ownerId,
    state.pictures,
    state.online,
    state.presence,
    connected,
    me,
    ...statuses,
  ];
  if (last.members && same(of, last.of)) return last.members;
  const all = participants
    .map((person) => ({
      ...person,
      shown: person.edited_name || person.name,
      picture: pictureOf(state, person.userId),
      presence: presenceOf(state, person.userId) ?? "offline",
      owner: person.userId === ownerId,
      me: person.userId === me,
      status: statusOf(state, person.userId),
    }))
    .sort((a, b) => a.shown.localeCompare(b.shown));
  const those = (/** @type {Presence} */ how) => all.filter(({ presence }) => presence === how);
  last.of = of;
  last.members = {
    roomId: room.roomId,
    here: those("here"),
    away: those("away"),
    offline: those("offline"),
    known: connected,
  };
  return last.members;
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
 * What is said of a room in the address that is not mine.
 * @param {State} state
 */
export function absence({ route, found, lost, drafts, outbox, me }) {
  const roomId = route.roomId ?? "";
  const unsent = outbox.filter((pending) => pending.roomId === roomId);
  return {
    roomId,
    room: found[roomId] ?? null,
    lost: lost && { name: roomName(lost.room, me?.userId ?? ""), why: lost.why },
    written: [...unsent.map(({ content }) => content), drafts[roomId]].filter(Boolean).join("\n\n"),
  };
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
    about: (/** @type {import("../types-own.js").Hit} */ hit) => {
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

// Internal

/** @param {State} state @param {Room} room */
function counted(state, room) {
  const { unreadCount = 0, mentionCount = 0 } = room;
  if (!unreadCount) return 0;
  const level = levelOf(room, state.preferences, state.me?.userId ?? "");
  if (level === "nothing") return 0;
  return level === "all" ? unreadCount : mentionCount;
}
