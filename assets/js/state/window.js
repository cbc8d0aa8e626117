/**
 * Which part of a room's messages is in the DOM: a window that moves as the reader scrolls. Pure.
 */
import { indexOfSeq } from "./timeline.js";

/** @import {Message} from "../types.js" */

/** @typedef {{low: number, high: number}} Window first and last seq; high is Infinity at the end */

/** Messages in the DOM: at most, after opening a room, and added at a time. */
export const LIMIT = 240;
/** The same at the end, where nobody scrolls. */
export const LIMIT_AT_END = 140;
export const PAGE = 80;
export const STEP = 60;
/** Messages of a room that are held before those far from the window are let go. */
const HELD_MOST = 2000;

/** Everything, before the first page is there. @type {Window} */
export const ALL = { low: 0, high: Infinity };

/**
 * The newest messages.
 * @param {Message[]} messages
 * @returns {Window}
 */
export function atEnd(messages) {
  return { low: seqFromEnd(messages, PAGE), high: Infinity };
}

/**
 * The newest messages, and everything unread.
 * @param {Message[]} messages
 * @param {number} [unreadSeq] of the first unread message
 * @returns {Window}
 */
export function fromUnread(messages, unreadSeq = Infinity) {
  return { low: Math.min(seqFromEnd(messages, PAGE), unreadSeq), high: Infinity };
}

/**
 * A message and what stands before and after it.
 * @param {Message[]} messages
 * @param {number} seq
 * @returns {Window}
 */
export function around(messages, seq) {
  const index = indexOfSeq(messages, seq);
  return {
    low: messages[Math.max(0, index - PAGE / 2)]?.seq ?? 0,
    high: messages[index + PAGE / 2]?.seq ?? Infinity,
  };
}

/**
 * The window at the end, made smaller when new messages have made it too large.
 * @param {Window} current
 * @param {Message[]} messages
 * @returns {Window}
 */
export function trimmed(current, messages) {
  return messages.length - indexOfSeq(messages, current.low) > LIMIT_AT_END
    ? atEnd(messages)
    : current;
}

/**
 * Are there more messages in it than in the DOM should be?
 * @param {Window} current
 * @param {Message[]} messages
 */
export function isTooLong(current, messages) {
  return lastIndex(current, messages) - indexOfSeq(messages, current.low) >= LIMIT;
}

/**
 * The window without the newest messages, which have made it too large.
 * @param {Window} current
 * @param {Message[]} messages
 * @returns {Window}
 */
export function upTo(current, messages) {
  const last = messages[indexOfSeq(messages, current.low) + LIMIT - 1];
  return last ? { ...current, high: last.seq } : current;
}

/**
 * Are more messages held than a reader needs?
 * @param {Message[]} messages
 */
export function hasSpare(messages) {
  return messages.length > HELD_MOST;
}

/**
 * Moves up by a step.
 * @param {Window} current
 * @param {Message[]} messages
 * @param {boolean} mayDrop the newest messages are far below the view
 * @returns {Window}
 */
export function older(current, messages, mayDrop) {
  const low = indexOfSeq(messages, current.low);
  const next = { ...current, low: messages[Math.max(0, low - STEP)]?.seq ?? 0 };
  if (!mayDrop || lastIndex(current, messages) - low + STEP <= LIMIT) return next;
  const high = Math.min(lastIndex(current, messages), low - STEP + LIMIT);
  return { ...next, high: messages[high]?.seq ?? Infinity };
}

/**
 * Moves down by a step; the oldest messages are dropped when there are too many.
 * @param {Window} current
 * @param {Message[]} messages
 * @returns {Window}
 */
export function newer(current, messages) {
  const low = indexOfSeq(messages, current.low);
  const high = lastIndex(current, messages);
  const next = { ...current, high: messages[high + STEP]?.seq ?? Infinity };
  if (high - low + STEP <= LIMIT) return next;
  return { ...next, low: messages[Math.max(low, high + STEP - LIMIT)]?.seq ?? current.low };
}

/**
 * Are older messages held than those in the window?
 * @param {Window} current
 * @param {Message[]} messages
 */
export function hasOlder(current, messages) {
  return indexOfSeq(messages, current.low) > 0;
}

/**
 * Is the message right before the window held? Then the gap above it was filled.
 * @param {Window} current
 * @param {Message[]} messages
 */
export function joinsOlder(current, messages) {
  const index = indexOfSeq(messages, current.low);
  return index > 0 && messages[index - 1].seq === messages[index]?.seq - 1;
}

/** @param {Message[]} messages */
export function lastSeq(messages) {
  return messages.at(-1)?.seq ?? 0;
}

// Internal

/** @param {Window} current @param {Message[]} messages */
function lastIndex({ high }, messages) {
  return high === Infinity ? messages.length - 1 : indexOfSeq(messages, high);
}

/** @param {Message[]} messages @param {number} count */
function seqFromEnd(messages, count) {
  return messages.at(-Math.min(count, messages.length))?.seq ?? 0;
}
