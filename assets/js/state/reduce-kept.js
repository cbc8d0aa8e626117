/** What an earlier visit has left, until the server has told of the rooms and their messages. Pure. */
import { emptyTimeline } from "./timeline.js";

/** @import {Message, Room, State, Timeline} from "../types.js" */

/**
 * The messages of an earlier visit. The next page of a room takes their place.
 * @param {Record<string, Message[]>} messages by room
 * @returns {Record<string, Timeline>}
 */
export function keptTimelines(messages) {
  const past = { ...emptyTimeline(), loaded: true, reset: true };
  return Object.fromEntries(
    Object.entries(messages).map(([roomId, list]) => [roomId, { ...past, messages: list }]),
  );
}

/**
 * The list of the server takes the place of what an earlier visit has left, whatever that says: it
 * may come from another past. What is left of rooms that are not listed goes.
 * @param {State} state
 * @param {Room[]} listed
 * @returns {State}
 */
export function forgotten(state, listed) {
  const timelines = Object.fromEntries(
    listed.flatMap(({ roomId }) => {
      const timeline = state.timelines[roomId];
      return timeline ? [[roomId, timeline]] : [];
    }),
  );
  return { ...state, kept: false, rooms: {}, timelines };
}

/**
 * What is unread in the open room is known now.
 * @param {State} state
 * @returns {State}
 */
export function revisited(state) {
  const { visit } = state;
  const room = state.rooms[visit?.roomId ?? ""];
  if (!visit?.kept || !room) return state;
  const { unreadCount: unread = 0, lastSeq } = room;
  return { ...state, visit: { ...visit, unread, lastSeq } };
}

/**
 * A page has taken the place of the messages of an earlier visit: the room is as one that was
 * opened now.
 * @param {State} state
 * @param {string} roomId
 * @returns {State}
 */
export function arrived(state, roomId) {
  const { visit } = revisited(state);
  if (!visit?.kept || visit.roomId !== roomId) return state;
  return { ...state, visit: { ...visit, kept: false } };
}
