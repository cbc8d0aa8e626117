/**
 * Turns messages into the rows of the conversation: days, the unread line, gaps, groups, pending
 * messages. Pure.
 */
import { same } from "../lib/same.js";
import { dayKey } from "../lib/time.js";
import { mentionsMe } from "../lib/attention.js";
import { grouped, isNewDay, standingOf } from "./standing.js";
import { gaps, indexOfSeq, messageById } from "./timeline.js";

/** @import {Message, Pending, Range, Timeline} from "../types.js" */

/**
 * An unchanged row is the same object as before.
 * @type {WeakMap<Message, {of: unknown[], row: MessageRow, stamp: unknown, marked: boolean}>}
 */
const made = new WeakMap();

/**
 * @typedef {object} MessageRow
 * @property {"message"} kind
 * @property {string} key
 * @property {number} [seq] absent while pending
 * @property {string} [messageId]
 * @property {string} [clientId]
 * @property {string} userId
 * @property {string} author
 * @property {string} [picture] of the author
 * @property {import("../types-own.js").Status|null} [status] of the author, where a name is shown
 * @property {string} at ISO time
 * @property {string} content
 * @property {"sent"|"uploading"|"pending"|"failed"} state
 * @property {string} [reason]
 * @property {boolean} [lasting] sending the same again cannot help
 * @property {boolean} follows
 * @property {boolean} mine
 * @property {boolean} mentionsMe
 * @property {string} [editedAt]
 * @property {boolean} deleted
 * @property {boolean} mayDelete
 * @property {boolean} mayWrite reply, edit my own, pin
 * @property {boolean} mayReact
 * @property {string} [pinnedBy] who pinned it, by name; "" when that is not known
 * @property {import("../types.js").Reaction[]} reactions
 * @property {Quote|null} quote
 * @property {import("../types.js").Media[]} media
 * @property {import("../types.js").Progress[]} [uploads] files that it waits for
 * @property {string[]} readers login names of those whose mark is here
 * @property {string[]} seenBy of my newest message: who has read it, wherever their mark is by now
 */

/**
 * @typedef {{messageId: string, author: string, text: string|null}} Quote text null: deleted or
 *   unknown
 */
/** @typedef {{kind: "day", key: string, at: string, unread: number}} DayRow */
/** @typedef {{kind: "unread", key: string, count: number}} UnreadRow */
/** @typedef {{kind: "gap", key: string, range: Range, failed: boolean, edge: boolean}} GapRow */
/** @typedef {MessageRow|DayRow|UnreadRow|GapRow} Row */

/**
 * @typedef {object} Conversation
 * @property {Timeline} timeline
 * @property {unknown} [stamp] the same while nothing changes on which all messages depend
 * @property {number} lastSeq
 * @property {number} low first seq of the window
 * @property {number} high last seq of the window, Infinity for the end
 * @property {(Pending & {uploads?: import("../types.js").Progress[]})[]} pending of this room
 * @property {string} me
 * @property {number|undefined} unreadSeq
 * @property {number} unreadCount
 * @property {boolean} mayDeleteAny
 * @property {boolean} mayWrite
 * @property {boolean} mayReact
 * @property {(messageId: string) => string|undefined} pinnedBy
 * @property {import("../types.js").Room} [room]
 * @property {Record<string, number>} reads
 * @property {Record<string, Message|null>} quoted
 * @property {(userId: string, message?: Message) => string} nameOf
 * @property {(userId: string) => string|undefined} pictureOf
 * @property {(userId: string) => import("../types-own.js").Status|null} [statusOf]
 */

/**
 * @param {Conversation} conversation
 * @returns {Row[]}
 */
export function buildRows(conversation) {
  const { timeline, low, high, lastSeq } = conversation;
  const held = timeline.messages;
  const slice = held.slice(
    indexOfSeq(held, low),
    high === Infinity ? undefined : indexOfSeq(held, high + 1),
  );
  const missing = timeline.loaded && !timeline.reset ? gaps(timeline, lastSeq) : [];
  /** @type {Row[]} */
  const rows = [];
  if (slice.length) {
    const above = missing.find(([, to]) => to === slice[0].seq - 1);
    if (above) rows.push(gapRow(above, timeline, true));
  }
  if (!timeline.loaded && lastSeq > 0) rows.push(gapRow([1, lastSeq], timeline, true));
  rows.push(...messageRows(slice, missing, conversation));
  if (high !== Infinity) return rows;

  const nextSeq = (slice.at(-1)?.seq ?? 0) + 1;
  const below = missing.find(([from, to]) => from === nextSeq && to === lastSeq);
  if (below) rows.push(gapRow(below, timeline, rows.length === 0));
  rows.push(...pendingRows(slice.at(-1), conversation));
  return rows;
}

// Internal

/**
 * The messages of the window, with the gaps, days and the unread line between them.
 * @param {Message[]} slice
 * @param {Range[]} missing
 * @param {Conversation} conversation
 * @returns {Row[]}
 */
function messageRows(slice, missing, conversation) {
  const { timeline, high, me, unreadSeq, unreadCount } = conversation;
  const marks = marksBySeq(slice, conversation);
  const newest =
    high === Infinity
      ? slice.findLast((message) => message.userId === me && !message.deletedAt)
      : undefined;
  const before = timeline.messages[indexOfSeq(timeline.messages, slice[0]?.seq ?? 0) - 1];
  /** @type {Row[]} */
  const rows = [];
  let previous = before && before.seq === slice[0]?.seq - 1 ? before : undefined;
  let nextSeq = slice[0]?.seq ?? 1;
  for (const message of slice) {
    const gap = message.seq > nextSeq && missing.find(([from]) => from === nextSeq);
    if (gap) {
      rows.push(gapRow(gap, timeline, false));
      previous = undefined;
    }
    nextSeq = message.seq + 1;
    const { newDay, groups } = standingOf(message, previous);
    const unread = message.seq === unreadSeq;
    if (newDay) rows.push(dayRow(message, message.seq, unread ? unreadCount : 0));
    else if (unread) rows.push({ kind: "unread", key: "unread", count: unreadCount });
    rows.push(
      messageRow(message, {
        conversation,
        follows: groups && !newDay && !unread && !message.replyTo,
        readers: marks.get(message.seq) ?? [],
        newest: message === newest,
      }),
    );
    previous = message;
  }
  return rows;
}

/**
 * What was written and is not confirmed yet.
 * @param {{userId: string, createdAt: string}|undefined} last the message before
 * @param {Conversation} conversation
 * @returns {Row[]}
 */
function pendingRows(last, conversation) {
  let previous = last;
  return conversation.pending.flatMap((pending) => {
    const message = { userId: conversation.me, createdAt: pending.createdAt };
    const newDay = isNewDay(previous, message);
    const follows = !newDay && !pending.replyTo && grouped(previous, message);
    previous = message;
    const row = pendingRow(pending, conversation, follows);
    return newDay ? [dayRow(pending, pending.clientId, 0), row] : [row];
  });
}

/**
 * @param {{createdAt: string}} message
 * @param {string|number} id of the message
 * @param {number} unread
 * @returns {DayRow}
 */
function dayRow({ createdAt: at }, id, unread) {
  return { kind: "day", key: `d:${dayKey(at)}:${id}`, at, unread };
}

/**
 * @param {Message} message
 * @param {{conversation: Conversation, follows: boolean, readers: string[], newest: boolean}} context
 * @returns {MessageRow}
 */
function messageRow(message, { conversation, follows, readers, newest }) {
  const { me, mayDeleteAny, mayWrite, mayReact, nameOf, pictureOf, stamp } = conversation;
  const known = made.get(message);
  const isBare = !newest && readers.length === 0 && !message.replyTo;
  if (stamp && isBare && known && known.stamp === stamp && !known.marked)
    if (known.row.follows === follows) return known.row;
  const author = nameOf(message.userId, message);
  const picture = pictureOf(message.userId);
  const status = follows ? null : conversation.statusOf?.(message.userId);
  const quoted = quote(message.replyTo, conversation);
  const seenBy = newest ? seenByOthers(message, conversation) : [];
  const marks = [readers.join(), seenBy.join()];
  const pinnedBy = conversation.pinnedBy(message.messageId);
  const may = [mayDeleteAny, mayWrite, mayReact, pinnedBy];
  const of = [me, ...may, follows, author, picture, status, quoted?.author, quoted?.text, ...marks];
  const marked = readers.length > 0 || seenBy.length > 0;
  if (known && same(of, known.of)) {
    made.set(message, { ...known, stamp, marked });
    return known.row;
  }
  const mine = message.userId === me;
  const deleted = Boolean(message.deletedAt);
  /** @type {MessageRow} */
  const row = {
    kind: "message",
    key: mine && message.clientId ? `c:${message.clientId}` : `s:${message.seq}`,
    seq: message.seq,
    messageId: message.messageId,
    clientId: message.clientId,
    userId: message.userId,
    author,
    picture,
    status,
    at: message.createdAt,
    content: message.content ?? "",
    state: "sent",
    follows,
    mine,
    mentionsMe:
      !mine && !deleted && mentionsMe(message.content, me, conversation.room, message.userId),
    editedAt: message.editedAt,
    deleted,
    mayDelete: !deleted && (mine || mayDeleteAny),
    mayWrite,
    mayReact,
    pinnedBy: deleted ? undefined : pinnedBy,
    reactions: message.reactions ?? [],
    media: deleted ? [] : (message.media ?? []),
    quote: quoted,
    readers,
    seenBy,
  };
  made.set(message, { of, row, stamp, marked });
  return row;
}

/** @param {Message} message @param {Conversation} conversation */
function seenByOthers({ seq }, { reads, me }) {
  return Object.keys(reads).filter((userId) => userId !== me && reads[userId] >= seq);
}

/**
 * @param {Conversation["pending"][0]} pending
 * @param {Conversation} conversation
 * @param {boolean} follows
 * @returns {MessageRow}
 */
function pendingRow(pending, conversation, follows) {
  return {
    kind: "message",
    key: `c:${pending.clientId}`,
    clientId: pending.clientId,
    userId: conversation.me,
    author: conversation.nameOf(conversation.me),
    picture: conversation.pictureOf(conversation.me),
    status: follows ? null : conversation.statusOf?.(conversation.me),
    at: pending.createdAt,
    content: pending.content,
    state: pending.state,
    reason: pending.reason,
    lasting: pending.lasting,
    follows,
    mine: true,
    mentionsMe: false,
    deleted: false,
    mayDelete: false,
    mayWrite: false,
    mayReact: false,
    reactions: [],
    media: pending.media ?? [],
    uploads: pending.uploads,
    quote: quote(pending.replyTo, conversation),
    readers: [],
    seenBy: [],
  };
}

/**
 * @param {string|undefined} messageId
 * @param {Conversation} conversation
 * @returns {Quote|null}
 */
function quote(messageId, conversation) {
  if (!messageId) return null;
  const message = messageById(conversation.timeline, messageId) ?? conversation.quoted[messageId];
  if (!message) return { messageId, author: "", text: null };
  return {
    messageId,
    author: conversation.nameOf(message.userId, message),
    text: message.deletedAt ? null : (message.content ?? ""),
  };
}

/**
 * Where each reader's mark shows: at the last message of the window that they have read, if the
 * window holds it.
 * @param {Message[]} slice
 * @param {Conversation} conversation
 */
function marksBySeq(slice, conversation) {
  /** @type {Map<number, string[]>} */
  const marks = new Map();
  if (slice.length === 0) return marks;
  for (const [userId, seq] of Object.entries(conversation.reads)) {
    if (userId === conversation.me || seq < slice[0].seq) continue;
    const index = indexOfSeq(slice, seq + 1) - 1;
    const at = slice[index].seq;
    if (index === slice.length - 1 && conversation.high !== Infinity && seq > at) continue;
    marks.set(at, [...(marks.get(at) ?? []), userId]);
  }
  return marks;
}

/**
 * @param {Range} range
 * @param {Timeline} timeline
 * @param {boolean} edge
 * @returns {GapRow}
 */
function gapRow(range, timeline, edge) {
  const failed =
    timeline.failed !== null && timeline.failed[0] <= range[1] && timeline.failed[1] >= range[0];
  return { kind: "gap", key: edge ? "gap:first" : `gap:${range[0]}`, range, failed, edge };
}
