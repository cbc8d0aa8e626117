/**
 * Threads that I follow, and how many replies there are below the first messages of threads, from
 * answers of the server and from what its frames tell since. Pure.
 */

/** @import {Frame, Message} from "../types.js" */
/** @import {Follow, Replies, Threads} from "../types-own.js" */

/** A key is "msg" and the room's number times 10⁹ plus the seq. */
const KEY_STEP = 1_000_000_000;
/** Authors of replies that are shown. */
const FACES = 3;

/** The place of a message in its room. @param {string} messageId */
export function seqOf(messageId) {
  return Number(messageId.slice(3)) % KEY_STEP;
}

/**
 * What the server answers.
 * @param {{roomId: string, messageId: string, unreadSeq?: number}[]} list
 * @returns {Threads}
 */
export function threadsOf(list) {
  return Object.fromEntries(
    list.map(({ roomId, messageId, unreadSeq }) => [messageId, { roomId, unread: unreadSeq }]),
  );
}

/**
 * What a frame changes in it.
 * @param {Threads} threads
 * @param {Frame} frame
 * @param {string} me
 * @param {number} [readSeq] up to where I had read the room, as far as frames told
 * @returns {Threads|null} the same object if nothing changes; null: the server must be asked
 */
export function heard(threads, frame, me, readSeq) {
  switch (frame.type) {
    case "thread_changed":
      return chosen(threads, frame);
    case "thread_updated":
      return replied(threads, frame, me);
    case "chat_message":
      // Whoever writes has read everything.
      return frame.sender_id === me ? read(threads, frame.room_id, frame.seq) : threads;
    case "read_marked":
      return frame.user_id === me ? marked(threads, frame, readSeq) : threads;
    case "participant_removed":
      return frame.user_id === me ? without(threads, frame.room_id) : threads;
    case "room_deleted":
      return without(threads, frame.room_id);
    case "room_added":
    case "subscribed":
      return null;
    default:
      return threads;
  }
}

/**
 * One more reply, or one less.
 * @param {Replies|undefined} known
 * @param {{seq: number, sender_id: string, created_at: string, deleted: boolean}} reply
 * @returns {Replies|null} null: the server must be asked
 */
export function counted(known, { seq, sender_id: userId, created_at: at, deleted }) {
  if (deleted) return null;
  // It was counted by the server already.
  if (known && seq <= known.lastSeq) return known;
  const others = (known?.people ?? []).filter((person) => person.userId !== userId);
  return {
    n: (known?.n ?? 0) + 1,
    at,
    lastSeq: seq,
    people: [{ userId, name: "" }, ...others].slice(0, FACES),
  };
}

/**
 * The parts of a conversation of which it is not known what stands below its messages.
 * @param {Message[]} messages ascending by seq
 * @param {Set<number>} known
 * @param {number} most how many messages a part may span
 * @returns {[number, number][]} first and last seq
 */
export function unknownParts(messages, known, most) {
  /** @type {[number, number][]} */
  const parts = [];
  for (const { seq } of messages) {
    if (known.has(seq)) continue;
    const last = parts.at(-1);
    if (last && seq - last[0] < most) last[1] = seq;
    else parts.push([seq, seq]);
  }
  return parts;
}

// Internal

/**
 * @param {Threads} threads
 * @param {{room_id: string, message_id: string, following: boolean, unread_seq?: number}} frame
 * @returns {Threads}
 */
function chosen(threads, { room_id: roomId, message_id: id, following, unread_seq: unread }) {
  const { [id]: before, ...others } = threads;
  if (!following) return before ? others : threads;
  if (before && before.unread === unread) return threads;
  return { ...threads, [id]: { ...before, roomId, unread } };
}

/**
 * @param {Threads} threads
 * @param {{message_id: string, seq: number, sender_id: string, deleted: boolean}} frame
 * @param {string} me
 * @returns {Threads|null}
 */
function replied(threads, { message_id: id, seq, sender_id: by, deleted }, me) {
  const before = threads[id];
  if (!before) return threads;
  if (deleted) return null;
  const unread = by === me ? before.unread : Math.max(before.unread ?? 0, seq);
  return { ...threads, [id]: { ...before, unread, last: seq } };
}

/**
 * The replies stand in the conversation of the room, too. What was marked as unread there may be
 * unread in its thread again.
 * @param {Threads} threads
 * @param {{room_id: string, last_read_seq: number, unread_count: number}} frame
 * @param {number|undefined} before
 */
function marked(threads, { room_id: roomId, last_read_seq: seq, unread_count: unread }, before) {
  const back = before === undefined ? unread > 0 : seq < before;
  return back && follows(threads, roomId) ? null : read(threads, roomId, seq);
}

/**
 * What was unread up to a message is read.
 * @param {Threads} threads
 * @param {string} roomId
 * @param {number} upto
 */
function read(threads, roomId, upto) {
  const isRead = (/** @type {Follow} */ thread) =>
    thread.roomId === roomId && thread.unread !== undefined && thread.unread <= upto;
  if (!Object.values(threads).some(isRead)) return threads;
  return Object.fromEntries(
    Object.entries(threads).map(([id, thread]) => [
      id,
      isRead(thread) ? { ...thread, unread: undefined } : thread,
    ]),
  );
}

/** @param {Threads} threads @param {string} roomId */
function follows(threads, roomId) {
  return Object.values(threads).some((thread) => thread.roomId === roomId);
}

/** @param {Threads} threads @param {string} roomId */
function without(threads, roomId) {
  if (!follows(threads, roomId)) return threads;
  return Object.fromEntries(
    Object.entries(threads).filter(([, thread]) => thread.roomId !== roomId),
  );
}
