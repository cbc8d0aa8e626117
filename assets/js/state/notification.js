/** Decides whether a message needs a notification, and its text. Pure. */
import { snippet } from "../lib/markdown.js";
import { personName, roomName } from "../lib/names.js";

/** @import {ChatMessage, State} from "../types.js" */

/**
 * @param {State} state
 * @param {ChatMessage} frame
 * @param {boolean} away the reader looks elsewhere
 * @returns {{roomId: string, messageId: string, title: string, author: string, text: string}|null}
 *   null: nothing to notice
 */
export function notificationOf(state, frame, away) {
  if (frame.type !== "chat_message" || !away || !state.me || frame.sender_id === state.me.userId)
    return null;
  const room = state.rooms[frame.room_id];
  if (!room || room.muted) return null;
  const author = personName(state, frame.room_id, frame.sender_id) || frame.sender_name;
  return {
    roomId: frame.room_id,
    messageId: frame.message_id,
    title: roomName(room, state.me.userId) || author,
    author,
    text: snippet(frame.content ?? ""),
  };
}
