/** The part of the state that is kept for a start without a network. Pure. */

/** @import {Message, Room, State, User} from "../types.js" */

/** Changes when another version of the page would misunderstand it. */
const FORM = 1;
/** Rooms whose newest messages are kept, and how many of each. */
const ROOMS = 20;
const MESSAGES = 50;
/** As many as the list of rooms brings. */
const PARTICIPANTS = 10;

/**
 * @typedef {object} Kept
 * @property {number} form
 * @property {User} me
 * @property {Room[]} rooms
 * @property {Record<string, string>} people names of those who wrote the messages
 * @property {Record<string, Message[]>} messages by room
 */

/**
 * @param {State} state of somebody who is signed in
 * @returns {Kept}
 */
export function kept(state) {
  const rooms = Object.values(state.rooms).map((room) => ({
    ...room,
    participants: room.participants.slice(0, PARTICIPANTS),
    full: room.full && room.participants.length <= PARTICIPANTS,
  }));
  const messages = Object.fromEntries(
    Object.entries(state.timelines)
      .filter(([roomId, timeline]) => timeline.messages.length && state.rooms[roomId])
      .sort(([a], [b]) => lastOf(state, b) - lastOf(state, a))
      .slice(0, ROOMS)
      .map(([roomId, timeline]) => [roomId, timeline.messages.slice(-MESSAGES)]),
  );
  const authors = new Set([
    ...Object.values(messages).flatMap((list) => list.map(({ userId }) => userId)),
    ...rooms.map(({ lastMessage }) => lastMessage?.userId ?? ""),
  ]);
  const people = Object.entries(state.people).filter(([userId]) => authors.has(userId));
  return {
    form: FORM,
    me: /** @type {User} */ (state.me),
    rooms,
    people: Object.fromEntries(people),
    messages,
  };
}

/**
 * @param {any} found
 * @returns {Kept|null} null: of another version of the page
 */
export function understood(found) {
  return found?.form === FORM ? found : null;
}

// Internal

/** @param {State} state @param {string} roomId */
function lastOf(state, roomId) {
  return Date.parse(state.rooms[roomId].lastMessage?.createdAt ?? "") || 0;
}
