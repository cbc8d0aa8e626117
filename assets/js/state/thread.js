/**
 * A thread: its first message and the replies, from pages of the server and from what the page
 * learns of the room anyway. Pure.
 */
import { buildRows } from "./rows.js";
import {
  applyPatch,
  emptyTimeline,
  indexOfSeq,
  merge,
  messageAt,
  messageById,
} from "./timeline.js";

/** @import {Context, Message, Timeline} from "../types.js" */
/** @import {Conversation, MessageRow, Row} from "./rows.js" */

/**
 * @typedef {object} Thread
 * @property {string} rootId
 * @property {Timeline} timeline the first message, and the replies that are held
 * @property {number} earlier how many replies before those are not deleted
 * @property {boolean} more there are replies before those
 * @property {number} newest the last seq when the server was asked; what is higher is new
 */
/** @typedef {{message: Message, replyCount: number, messages: Message[]}} Page */

/** A message as its thread shows it. @type {WeakMap<Message, Message>} */
const shown = new WeakMap();

/**
 * With which message a thread begins, as far as the conversation tells.
 * @param {Timeline} timeline of the room
 * @param {string} messageId one of the thread
 */
export function rootOf(timeline, messageId) {
  let id = messageId;
  for (let up; (up = messageById(timeline, id)?.replyTo);) id = up;
  return id;
}

/**
 * Takes a page of the server.
 * @param {Thread|null} thread what is held
 * @param {Page} page
 * @param {{limit: number, before?: string}} asked how it was asked for; without `before`: the newest
 * @returns {Thread}
 */
export function taken(thread, { message, replyCount, messages }, { limit, before }) {
  const full = messages.length === limit;
  const last = thread?.timeline.messages.at(-1)?.seq ?? 0;
  // A newest page that does not reach what is held takes its place: a list has no hole.
  const joins = before || !full || last >= messages[0].seq;
  const held = thread && joins ? thread.timeline : emptyTimeline();
  const timeline = merge(held, [message, ...messages]);
  const oldest = timeline.messages[1]?.seq;
  const isFirst = messages.length === 0 || messages[0].seq === oldest;
  const more = isFirst ? full : Boolean(thread?.more);
  const newest = messages.at(-1)?.seq ?? message.seq;
  return {
    rootId: message.messageId,
    timeline,
    earlier: more ? Math.max(0, replyCount - undeleted(timeline)) : 0,
    more,
    newest: thread ? Math.max(thread.newest, newest) : newest,
  };
}

/**
 * Takes what the conversation has learnt: new replies, and new versions of what is held.
 * @param {Thread} thread
 * @param {Timeline} room
 * @returns {Thread} the same one if nothing is new
 */
export function followed(thread, room) {
  if (room.reset) return thread;
  const { timeline, newest } = thread;
  const known = idsOf(thread);
  /** @type {Message[]} */
  const fresh = [];
  for (const message of room.messages.slice(indexOfSeq(room.messages, timeline.messages[0].seq))) {
    const held = messageAt(timeline, message.seq);
    const isNew = !held && message.seq > newest && answers(message, known, room);
    if (!isNew && !(held && message.rev > held.rev)) continue;
    fresh.push(message);
    known.add(message.messageId);
  }
  const next = room.patches
    .filter(({ seq }) => messageAt(timeline, seq))
    .reduce(applyPatch, merge(timeline, fresh));
  return next === timeline ? thread : { ...thread, timeline: next };
}

/** How many replies there are, without deleted ones. @param {Thread} thread */
export function replyCount({ earlier, timeline }) {
  return earlier + undeleted(timeline);
}

/**
 * Which message a new reply answers: the first, and when it is deleted the last that is not.
 * @param {Thread|null} thread
 * @param {string} rootId
 */
export function answered(thread, rootId) {
  const [root, ...replies] = thread?.timeline.messages ?? [];
  const last = root?.deletedAt && replies.findLast(({ deletedAt }) => !deletedAt);
  return last ? last.messageId : rootId;
}

/** Does it hold this message? @param {Thread} thread @param {string} messageId */
export function holds({ timeline }, messageId) {
  return messageById(timeline, messageId) !== undefined;
}

/**
 * The rows of the first message, and those of its replies with what waits to be sent.
 * @param {Omit<Conversation, "low"|"high"|"unreadSeq">} conversation that it belongs to
 * @param {Thread|null} thread null: not loaded yet
 * @param {string} rootId
 * @returns {[Row[], Row[]]}
 */
export function threadRows(conversation, thread, rootId) {
  const known = thread ? idsOf(thread) : new Set([rootId]);
  const pending = conversation.pending
    .filter(({ replyTo = "" }) => known.has(replyTo))
    .map((entry) => ({ ...entry, replyTo: replyOf(entry, rootId) }));
  const messages = thread?.timeline.messages.map((message) => shownAs(message, rootId)) ?? [];
  const rows = buildRows({
    ...conversation,
    timeline: { ...emptyTimeline(), messages },
    lastSeq: 0,
    low: 0,
    high: Infinity,
    pending,
    reads: {},
    unreadSeq: undefined,
    unreadCount: 0,
  });
  const end = thread ? rows.findIndex(({ kind }) => kind === "message") + 1 : 0;
  const replies = rows.slice(end);
  // Below the number of replies, the first one says again whose it is.
  const first = replies.findIndex(({ kind }) => kind === "message");
  const row = replies[first];
  if (row?.kind === "message" && row.follows) replies[first] = leading(row);
  return [rows.slice(0, end), replies];
}

/** @type {WeakMap<MessageRow, MessageRow>} */
const leaders = new WeakMap();

/** The same row for the same row. @param {MessageRow} row */
function leading(row) {
  const leader = leaders.get(row) ?? { ...row, follows: false };
  leaders.set(row, leader);
  return leader;
}

/**
 * The message that a draft answers; null if it is not here.
 * @param {Thread} thread
 * @param {string} messageId
 * @param {Pick<Conversation, "nameOf">} conversation
 * @returns {Context|null}
 */
export function draftContext({ timeline }, messageId, { nameOf }) {
  const found = timeline.messages.find((message) => message.messageId === messageId);
  if (!found || found.deletedAt) return null;
  const { content = "", userId } = found;
  return { kind: "reply", messageId, author: nameOf(userId, found), content, restored: true };
}

/**
 * My last message, to be edited.
 * @param {Thread} thread
 * @param {string} me
 * @returns {Context|null}
 */
export function lastOwn({ timeline }, me) {
  const last = timeline.messages.findLast(({ userId, deletedAt }) => userId === me && !deletedAt);
  return last
    ? { kind: "edit", messageId: last.messageId, author: "", content: last.content ?? "" }
    : null;
}

// Internal

/** The first message is not one of them. @param {Timeline} timeline */
function undeleted({ messages }) {
  return messages.slice(1).filter(({ deletedAt }) => !deletedAt).length;
}

/** @param {Thread} thread */
function idsOf({ timeline }) {
  return new Set(timeline.messages.map(({ messageId }) => messageId));
}

/**
 * Does a message answer one of these, perhaps by way of others?
 * @param {Message} message
 * @param {Set<string>} known
 * @param {Timeline} room
 */
function answers(message, known, room) {
  /** @type {Message|undefined} */
  let at = message;
  while (at?.replyTo && !known.has(at.replyTo)) at = messageById(room, at.replyTo);
  return Boolean(at?.replyTo);
}

/**
 * What answers the first message needs no quote of it. A copy, whose row is not that of the
 * conversation.
 * @param {Message} message
 * @param {string} rootId
 */
function shownAs(message, rootId) {
  const before = shown.get(message);
  if (before) return before;
  const copy = { ...message, replyTo: replyOf(message, rootId) };
  shown.set(message, copy);
  return copy;
}

/** @param {{replyTo?: string}} message @param {string} rootId */
function replyOf({ replyTo }, rootId) {
  return replyTo === rootId ? undefined : replyTo;
}
