/** Decides whether a message needs a notification, and its text. Pure. */
import { hasKeyword, isQuiet, levelOf, mentionsMe } from "../lib/attention.js";
import { snippet } from "../lib/markdown.js";
import { personName, roomName } from "../lib/names.js";

/** @import {ChatMessage, State} from "../types.js" */

/**
 * @param {State} state
 * @param {ChatMessage} frame
 * @param {boolean} away the reader looks elsewhere
 * @param {Date} [now]
 * @returns {{roomId: string, messageId: string, title: string, author: string, text: string}|null}
 *   null: nothing to notice
 */
export function notificationOf(state, frame, away, now = new Date()) {
  if (frame.type !== "chat_message" || !away || !state.me || frame.sender_id === state.me.userId)
    return null;
  const room = state.rooms[frame.room_id];
  if (!room || isQuiet(state.preferences, now)) return null;
  const { userId } = state.me;
  const level = levelOf(room, state.preferences, userId);
  const concerns = () =>
    mentionsMe(frame.content, userId, room, frame.sender_id) ||
    hasKeyword(frame.content ?? "", state.preferences?.keywords ?? []);
  if (level === "nothing" || (level === "mentions" && !concerns())) return null;
  const author = personName(state, frame.room_id, frame.sender_id) || frame.sender_name;
  return {
    roomId: frame.room_id,
    messageId: frame.message_id,
    title: roomName(room, state.me.userId) || author,
    author,
    text: snippet(frame.content ?? ""),
  };
}
