/** Reducers of the connection, presence and typing. Pure. */

/** @import {ActionOf, Reducers, State} from "../types.js" */
/** @import {Presence} from "../types-own.js" */

/**
 * @typedef {"connection"|"connection_established"|"room_joined"|"room_left"|"user_joined"
 *   |"user_left"|"presence"|"user_presence"|"people_shown"|"typing_started"|"typing_ended"} Type
 */

/** A person counts as typing for this long after the last frame that said so. */
const TYPING_MS = 6000;

/** @type {Reducers<Type>} */
export const presenceReducers = {
  connection: (state, { connection }) => ({
    ...state,
    connection,
    ...(connection.state !== "online" && { online: {}, presence: null, typing: {} }),
  }),
  connection_established: (state, { epoch }) => ({ ...state, epoch }),
  room_joined: (state, { room_id: roomId, online = [] }) => ({
    ...state,
    online: { ...state.online, [roomId]: online },
  }),
  // Who comes and goes is told of all my rooms, so what is known of it stays right.
  room_left: (state, { room_id: roomId }) => ({
    ...state,
    typing: without(state.typing, roomId),
  }),
  user_joined: (state, frame) => present(state, frame.room_id, [frame.user_id], []),
  user_left: (state, frame) => present(state, frame.room_id, [], [frame.user_id]),
  presence: (state, frame) => present(state, frame.room_id, frame.joined ?? [], frame.left ?? []),
  user_presence: (state, { online, away, offline, ref }) => {
    const each = (/** @type {string[]} */ people, /** @type {Presence} */ how) =>
      people.map((userId) => [userId, how]);
    const told = [...each(online, "here"), ...each(away, "away"), ...each(offline, "offline")];
    // The reply to the people named is about all of them.
    return { ...state, presence: { ...(ref ? {} : state.presence), ...Object.fromEntries(told) } };
  },
  people_shown: (state, { people }) => ({ ...state, shown: people }),
  typing_started: (state, { room_id: roomId, user_id: userId, now }) =>
    userId === state.me?.userId
      ? state
      : withTyping(state, roomId, { ...state.typing[roomId], [userId]: now + TYPING_MS }),
  typing_ended: typingEnded,
};

// Internal

/**
 * @param {State} state
 * @param {ActionOf<"typing_ended">} action
 */
function typingEnded(state, { room_id: roomId, now }) {
  const alive = Object.entries(state.typing[roomId] ?? {}).filter(([, until]) => until > now);
  return withTyping(state, roomId, Object.fromEntries(alive));
}

/**
 * @param {State} state
 * @param {string} roomId
 * @param {string[]} joined
 * @param {string[]} left
 */
function present(state, roomId, joined, left) {
  const held = state.online[roomId] ?? [];
  const now = [...new Set([...held.filter((id) => !left.includes(id)), ...joined])];
  const typing = Object.entries(state.typing[roomId] ?? {}).filter(([id]) => !left.includes(id));
  const next = { ...state, online: { ...state.online, [roomId]: now } };
  return withTyping(next, roomId, Object.fromEntries(typing));
}

/**
 * @param {State} state
 * @param {string} roomId
 * @param {Record<string, number>} people
 * @returns {State}
 */
function withTyping(state, roomId, people) {
  return { ...state, typing: { ...state.typing, [roomId]: people } };
}

/**
 * @template T
 * @param {Record<string, T>} record
 * @param {string} key
 * @returns {Record<string, T>}
 */
function without(record, key) {
  const { [key]: _, ...rest } = record;
  return rest;
}
