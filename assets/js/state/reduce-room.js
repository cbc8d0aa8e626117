/** The part of the reducer that is about rooms and their people. Pure. */
import { onRoom } from "./reduce-message.js";

/** @import {Event, Participant, Room, State} from "../types.js" */

/**
 * @param {State} state
 * @param {Event} event
 * @returns {State|null} null when the event is not about rooms
 */
export function reduceRoom(state, event) {
  switch (event.type) {
    case "rooms_loaded":
      return loaded(state, event.rooms);
    case "room_loaded":
      return withRoom(state, event.room, {});
    case "room_added":
      return withRoom(state, event.room, { unreadCount: event.unread_count ?? 0 });
    case "room_opened": {
      const room = state.rooms[event.room_id];
      return {
        ...state,
        reading: null,
        visit: {
          roomId: event.room_id,
          unread: room?.unreadCount ?? 0,
          lastSeq: room?.lastSeq ?? 0,
        },
      };
    }
    case "room_closed":
      return { ...state, visit: null, reading: null };
    case "subscribed":
      return subscribed(state, event);

    case "room_updated":
      return onRoom(state, event.room_id, (room) => ({
        name: event.name,
        visibility: event.visibility,
        ownerId: event.owner_id,
        rev: Math.max(room.rev, event.rev),
      }));
    case "room_muted":
      return onRoom(state, event.room_id, () => ({ muted: event.muted }));
    case "participant_added":
    case "participant_changed":
      return withPerson(
        participants(state, event, (list) => upsert(list, event)),
        event.user_id,
        event.name,
      );
    case "participant_removed":
      if (event.user_id === state.me?.userId) return removed(state, event.room_id);
      return participants(state, event, (list) =>
        list.filter((person) => person.userId !== event.user_id),
      );
    case "room_deleted":
    case "room_gone":
      return removed(state, event.room_id);
    default:
      return null;
  }
}

// Internal

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
    rev: held.rev,
    participants: full || !held.full ? room.participants : held.participants,
    full: full || held.full,
    ...(seen && { unreadCount: 0, mentionCount: 0 }),
  };
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
 * @param {Event} frame
 * @returns {State}
 */
function subscribed(state, frame) {
  /** @type {Set<string>} */
  const listed = new Set(
    frame.rooms.map((/** @type {{room_id: string}} */ entry) => entry.room_id),
  );
  let next = state;
  for (const entry of frame.rooms) {
    next = onRoom(next, entry.room_id, (room) =>
      entry.last_seq < room.lastSeq && !entry.reset
        ? {}
        : {
            rev: entry.reset ? entry.rev : Math.max(room.rev, entry.rev),
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
    if (!listed.has(roomId)) next = removed(next, roomId);
  return next;
}

/**
 * @param {State} state
 * @param {Event} frame
 * @param {(list: Participant[]) => Participant[]} change
 * @returns {State}
 */
function participants(state, frame, change) {
  return onRoom(state, frame.room_id, (room) => {
    if (frame.rev <= room.rev) return {};
    const list = change(room.participants);
    const known = room.participants.some((person) => person.userId === frame.user_id);
    const count =
      frame.type === "participant_added"
        ? known
          ? 0
          : 1
        : frame.type === "participant_removed"
          ? -1
          : 0;
    return {
      participants: list,
      userCount: room.full ? list.length : room.userCount + count,
      rev: frame.rev,
    };
  });
}

/**
 * @param {Participant[]} list
 * @param {Event} frame
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
 * @returns {State}
 */
function removed(state, roomId) {
  const { [roomId]: _room, ...rooms } = state.rooms;
  const { [roomId]: _timeline, ...timelines } = state.timelines;
  return { ...state, rooms, timelines };
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
