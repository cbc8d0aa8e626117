/** Reducers of rooms and their participants. Pure. */
import { forgotten, keptTimelines, revisited } from "./reduce-kept.js";
import { onRoom } from "./reduce-message.js";
import { withoutExpired } from "./timeline.js";

/**
 * @import {ActionOf, Participant, ParticipantChange, ParticipantRemoved, ParticipantUpdated, Reducers,
 *   Room, State, Subscribed} from "../types.js"
 */

/**
 * @typedef {"rooms_loaded"|"restored"|"rooms_failed"|"room_loaded"|"room_added"|"room_opened"|"room_closed"|"subscribed"
 *   |"room_updated"|"pins_loaded"|"participant_added"|"participant_changed"|"participant_removed"
 *   |"room_deleted"|"room_gone"|"room_found"} Type
 */

/** @type {Reducers<Type>} */
export const roomReducers = {
  rooms_loaded: (state, { rooms }) =>
    state.kept ? revisited(loaded(forgotten(state, rooms), rooms)) : loaded(state, rooms),
  restored,
  // A list that is held stays.
  rooms_failed: (state) => (state.ready ? state : { ...state, listFailed: true }),
  room_loaded: (state, { room }) =>
    expired(withRoom(state, room, settingsOf(room)), room.roomId, room.expiredSeq),
  room_added: (state, frame) =>
    withRoom(state, frame.room, { unreadCount: frame.unread_count ?? 0, stale: true }),
  room_opened: opened,
  room_closed: (state) => ({ ...state, visit: null, reading: null, held: null, ...NO_CONTEXT }),
  subscribed,
  room_updated: (state, frame) => {
    const next = onRoom(state, frame.room_id, (room) => ({
      name: frame.name,
      visibility: frame.visibility,
      ownerId: frame.owner_id,
      rev: Math.max(room.rev, frame.rev),
      stale: true,
    }));
    return expired(next, frame.room_id, frame.expired_seq);
  },
  pins_loaded: (state, { room_id: roomId, pins }) => ({
    ...state,
    pins: { ...state.pins, [roomId]: pins },
  }),
  participant_added: participantUpdated,
  participant_changed: participantUpdated,
  participant_removed: participantRemoved,
  room_deleted: (state, frame) => removed(state, frame.room_id, "deleted"),
  room_gone: (state, action) => removed(state, action.room_id),
  room_found: (state, { room_id: roomId, room }) => ({
    ...state,
    found: { ...state.found, [roomId]: room },
  }),
};

// Internal

const NO_CONTEXT = { context: null, editError: "" };

/**
 * @param {State} state
 * @param {ActionOf<"room_opened">} action
 * @returns {State}
 */
function opened(state, { room_id: roomId }) {
  const room = state.rooms[roomId];
  const visit = { roomId, unread: room?.unreadCount ?? 0, lastSeq: room?.lastSeq ?? 0 };
  const kept = state.kept && { kept: true };
  return { ...state, reading: null, held: null, visit: { ...visit, ...kept }, ...NO_CONTEXT };
}

/**
 * Rooms and messages of an earlier visit, shown until the server has told of them. The next page of
 * a room takes the place of its messages.
 * @param {State} state
 * @param {ActionOf<"restored">} action
 * @returns {State}
 */
function restored(state, { rooms, people, messages }) {
  const next = loaded({ ...state, people: { ...people, ...state.people } }, rooms);
  return { ...next, kept: true, timelines: { ...keptTimelines(messages), ...next.timelines } };
}

/**
 * The list of my rooms. What the socket already told is newer than an answer with a lower rev.
 * @param {State} state
 * @param {Room[]} rooms
 * @returns {State}
 */
function loaded(state, rooms) {
  const byId = Object.fromEntries(
    rooms.map((room) => {
      const held = state.rooms[room.roomId];
      return [
        room.roomId,
        held
          ? newer(held, room, state.reading === room.roomId)
          : { ...room, full: room.participants.length >= room.userCount },
      ];
    }),
  );
  const next = rooms.reduce((result, room) => learnNames(result, room), {
    ...state,
    ready: true,
    listFailed: false,
    rooms: byId,
  });
  // An own room that was entered while the answer travelled is not in it.
  return Object.values(state.rooms)
    .filter((room) => !byId[room.roomId] && !state.ready)
    .reduce((result, room) => withRoom(result, room, {}), next);
}

/**
 * @param {Room} held
 * @param {Room} room
 * @param {boolean} seen its end is in view: what the mark on its way has not settled yet is not
 *   unread
 * @returns {Room}
 */
function newer(held, room, seen) {
  if (room.lastSeq < held.lastSeq || room.rev < held.rev) return held;
  const full = room.participants.length >= room.userCount;
  // rev is left alone: it says up to where the socket's events were applied.
  return {
    ...held,
    ...room,
    ...settingsOf(room),
    notify: room.notify,
    favourite: room.favourite,
    rev: held.rev,
    participants: full || !held.full ? room.participants : held.participants,
    full: full || held.full,
    ...(seen && { unreadCount: 0, mentionCount: 0 }),
  };
}

/**
 * What only answers of the REST API tell: absent there means that it is not set.
 * @param {Room} room
 */
function settingsOf({
  topic,
  description,
  readOnly,
  archived,
  archivedAt,
  retentionDays,
  keepPinned,
}) {
  const mode = { topic, description, readOnly, archived, archivedAt, retentionDays, keepPinned };
  return { ...mode, stale: false };
}

/**
 * Lets go of messages up to this one, which have expired; none of them is unread. A pinned one that
 * is kept is fetched again when somebody goes to it.
 * @param {State} state
 * @param {string} roomId
 * @param {number} [upto]
 * @returns {State}
 */
function expired(state, roomId, upto = 0) {
  const room = state.rooms[roomId];
  if (!room || upto <= (room.expiredSeq ?? 0)) return state;
  const next = onRoom(state, roomId, ({ lastSeq, unreadCount = 0, mentionCount = 0, ...held }) => {
    const left = Math.max(0, lastSeq - upto);
    const last = held.lastMessage;
    return {
      expiredSeq: upto,
      unreadCount: Math.min(unreadCount, left),
      mentionCount: Math.min(mentionCount, left),
      ...(last && last.seq <= upto && { lastMessage: null }),
    };
  });
  const timeline = next.timelines[roomId];
  if (!timeline) return next;
  return { ...next, timelines: { ...next.timelines, [roomId]: withoutExpired(timeline, upto) } };
}

/**
 * @param {State} state
 * @param {Room} room
 * @param {Partial<Room>} more
 * @returns {State}
 */
function withRoom(state, room, more) {
  const held = state.rooms[room.roomId];
  const full = room.participants.length >= room.userCount;
  const base = held
    ? {
        ...held,
        name: room.name,
        visibility: room.visibility,
        ownerId: room.ownerId,
        userCount: room.userCount,
        ...(full || !held.full ? { participants: room.participants, full } : {}),
      }
    : { unreadCount: 0, mentionCount: 0, lastMessage: null, ...room, full };
  return learnNames(
    { ...state, rooms: { ...state.rooms, [room.roomId]: { ...base, ...more } } },
    room,
  );
}

/**
 * The end of a replay, with the truth about unread. An entry older than a live message that came
 * first is left alone.
 * @param {State} state
 * @param {Subscribed} frame
 * @returns {State}
 */
function subscribed(state, frame) {
  /** @type {Set<string>} */
  const listed = new Set(frame.rooms.map((entry) => entry.room_id));
  let next = { ...state, kept: false };
  for (const entry of frame.rooms) {
    const isTruth = entry.reset || state.kept;
    next = onRoom(next, entry.room_id, (room) =>
      entry.last_seq < room.lastSeq && !isTruth
        ? {}
        : {
            rev: isTruth ? entry.rev : Math.max(room.rev, entry.rev),
            lastSeq: entry.last_seq,
            ...(next.reading === entry.room_id
              ? {}
              : { unreadCount: entry.unread_count, mentionCount: entry.mention_count ?? 0 }),
          },
    );
    const timeline = next.timelines[entry.room_id];
    if (entry.reset && timeline)
      next = {
        ...next,
        timelines: { ...next.timelines, [entry.room_id]: { ...timeline, reset: true } },
      };
  }
  for (const roomId of Object.keys(next.rooms))
    if (!listed.has(roomId)) next = removed(next, roomId, "removed");
  return revisited(next);
}

/**
 * @param {State} state
 * @param {ParticipantUpdated} frame
 * @returns {State}
 */
function participantUpdated(state, frame) {
  const next = participants(state, frame, (list) => upsert(list, frame));
  return withPerson(next, frame.user_id, frame.name);
}

/**
 * @param {State} state
 * @param {ParticipantRemoved} frame
 * @returns {State}
 */
function participantRemoved(state, frame) {
  if (frame.user_id === state.me?.userId) return removed(state, frame.room_id, "removed");
  return participants(state, frame, (list) =>
    list.filter((person) => person.userId !== frame.user_id),
  );
}

/**
 * @param {State} state
 * @param {ParticipantUpdated|ParticipantRemoved} frame
 * @param {(list: Participant[]) => Participant[]} change
 * @returns {State}
 */
function participants(state, frame, change) {
  return onRoom(state, frame.room_id, (room) => {
    if (frame.rev <= room.rev) return {};
    const list = change(room.participants);
    const known = room.participants.some((person) => person.userId === frame.user_id);
    let { userCount } = room;
    if (room.full) userCount = list.length;
    else if (frame.type === "participant_removed") userCount -= 1;
    else if (frame.type === "participant_added" && !known) userCount += 1;
    return { participants: list, userCount, rev: frame.rev };
  });
}

/**
 * @param {Participant[]} list
 * @param {ParticipantChange} frame
 * @returns {Participant[]}
 */
function upsert(list, frame) {
  const person = {
    userId: frame.user_id,
    name: frame.name,
    edited_name: frame.edited_name ?? "",
    role: frame.role,
  };
  return list.some((held) => held.userId === person.userId)
    ? list.map((held) => (held.userId === person.userId ? { ...held, ...person } : held))
    : [...list, person];
}

/**
 * @param {State} state
 * @param {string} roomId
 * @param {"removed"|"deleted"} [why] what others did
 * @returns {State}
 */
function removed(state, roomId, why) {
  const { [roomId]: room, ...rooms } = state.rooms;
  const { [roomId]: _timeline, ...timelines } = state.timelines;
  const { [roomId]: _found, ...found } = state.found;
  const { [roomId]: _pins, ...pins } = state.pins;
  const open = why && room && state.visit?.roomId === roomId;
  return { ...state, rooms, timelines, found, pins, lost: open ? { room, why } : state.lost };
}

/**
 * @param {State} state
 * @param {Room} room
 * @returns {State}
 */
function learnNames(state, room) {
  return room.participants.reduce(
    (result, person) =>
      withPicture(
        withPerson(result, person.userId, person.name),
        person.userId,
        person.media?.name ?? "",
      ),
    state,
  );
}

/**
 * @param {State} state
 * @param {string} userId
 * @param {string} name
 * @returns {State}
 */
function withPerson(state, userId, name) {
  return !userId || state.people[userId] === name
    ? state
    : { ...state, people: { ...state.people, [userId]: name } };
}

/**
 * @param {State} state
 * @param {string} userId
 * @param {string} picture
 * @returns {State}
 */
function withPicture(state, userId, picture) {
  return !userId || (state.pictures[userId] ?? "") === picture
    ? state
    : { ...state, pictures: { ...state.pictures, [userId]: picture } };
}
