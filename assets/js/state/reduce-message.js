/** Reducers of messages: live frames, pages, replays, read marks, confirmations. Pure. */
import { mentionsMe } from "../lib/attention.js";
import { arrived } from "./reduce-kept.js";
import {
  applyPatch,
  bounded,
  emptyTimeline,
  merge,
  mergeChanges,
  mergePage,
  messageAt,
  released,
} from "./timeline.js";

/**
 * @import {ActionOf, Changes, ChatMessage, Message, MessagePlace, MessageSent, Patch, Reducers, Room,
 *   State, Timeline} from "../types.js"
 */

/**
 * @typedef {"chat_message"|"message_sent"|"message_edited"|"message_deleted"|"reaction_added"
 *   |"reaction_removed"|"message_loaded"|"history_opened"|"history_spare"|"page_loaded"|"page_failed"
 *   |"page_retried"|"changes"|"read_marked"|"unread_marked"|"unread_refused"|"message_read"
 *   |"readers_loaded"|"reading"} Type
 */

/** @type {Reducers<Type>} */
export const messageReducers = {
  chat_message: posted,
  message_sent: confirmed,
  message_edited: (state, frame) =>
    changed(state, frame, { kind: "edit", content: frame.content, at: frame.edited_at }),
  message_deleted: (state, frame) => changed(state, frame, { kind: "delete", at: frame.timestamp }),
  reaction_added: (state, frame) => changed(state, frame, reaction("react", frame)),
  reaction_removed: (state, frame) => changed(state, frame, reaction("unreact", frame)),
  // The answer of the REST API to an edit.
  message_loaded: (state, { message }) =>
    changed(state, { ...message, room_id: message.roomId }, { kind: "whole", message }, false),

  history_opened: (state, { room_id: roomId }) =>
    state.timelines[roomId] ? state : withTimeline(state, roomId, emptyTimeline()),
  history_spare: (state, { room_id: roomId, read }) =>
    onTimeline(state, roomId, (timeline) => released(timeline, read)),
  page_loaded: (state, { room_id: roomId, messages, covered }) =>
    withTimeline(
      settled(arrived(state, roomId), messages),
      roomId,
      mergePage(state.timelines[roomId] ?? emptyTimeline(), messages, covered),
    ),
  page_failed: (state, { room_id: roomId, gap }) =>
    onTimeline(state, roomId, (timeline) => ({ ...timeline, failed: gap })),
  page_retried: (state, { room_id: roomId }) =>
    onTimeline(state, roomId, (timeline) => ({ ...timeline, failed: null })),
  changes: replayed,

  read_marked: marked,
  unread_marked: (state, { room_id: roomId }) => heldUnread(state, roomId),
  unread_refused: (state, { room_id: roomId }) =>
    state.held === roomId ? { ...state, held: null } : state,
  message_read: (state, frame) =>
    readBy(state, frame.room_id, { [frame.user_id]: frame.last_read_seq }),
  readers_loaded: (state, { room_id: roomId, readers }) => readBy(state, roomId, readers),
  reading,
};

// Internal

/**
 * @param {"react"|"unreact"} kind
 * @param {import("../types.js").ReactionChange} frame
 */
function reaction(kind, { user_id: userId, reaction_type: reactionType }) {
  return { kind, userId, reactionType };
}

/**
 * A live message: into the timeline when the room's history is held, into the list of rooms always.
 * @param {State} state
 * @param {ChatMessage} frame
 * @returns {State}
 */
function posted(state, frame) {
  const room = state.rooms[frame.room_id];
  const mine = frame.sender_id === state.me?.userId;
  /** @type {Message} */
  const message = {
    messageId: frame.message_id,
    roomId: frame.room_id,
    userId: frame.sender_id,
    senderName: frame.sender_name,
    content: frame.content,
    createdAt: frame.created_at ?? frame.timestamp,
    seq: frame.seq,
    rev: frame.rev,
    replyTo: frame.reply_to,
    clientId: frame.client_id,
    reactions: [],
    media: frame.media ?? [],
  };
  const open = state.visit?.roomId === frame.room_id;
  const merged = onTimeline(settled(state, [message]), frame.room_id, (timeline) => {
    const grown = merge(timeline, [message]);
    return open ? grown : bounded(grown);
  });
  const ended = endTyping(merged, frame.room_id, frame.sender_id);
  // Whoever writes has read everything.
  const next = mine && ended.held === frame.room_id ? { ...ended, held: null } : ended;
  if (!room) return next;
  const isNew = frame.seq > room.lastSeq;
  const seen = mine || state.reading === frame.room_id;
  return onRoom(next, frame.room_id, () => ({
    rev: Math.max(room.rev, frame.rev),
    ...(isNew && {
      lastSeq: frame.seq,
      lastMessage: message,
      unreadCount: seen ? 0 : (room.unreadCount ?? 0) + 1,
      mentionCount: seen
        ? 0
        : (room.mentionCount ?? 0) +
          (mentionsMe(frame.content, state.me?.userId, room, frame.sender_id) ? 1 : 0),
    }),
  }));
}

/**
 * The server has stored what I sent (perhaps at an earlier try). Edits and reactions are answered
 * alike and find nothing pending.
 * @param {State} state
 * @param {MessageSent} frame
 * @returns {State}
 */
function confirmed(state, frame) {
  const clientId = frame.client_id ?? frame.ref;
  const pending = state.outbox.find((entry) => entry.clientId === clientId);
  if (!pending) return state;
  /** @type {Message} */
  const message = {
    messageId: frame.message_id,
    roomId: frame.room_id,
    userId: state.me?.userId ?? "",
    content: pending.content,
    createdAt: frame.timestamp,
    seq: frame.seq,
    rev: frame.rev,
    replyTo: pending.replyTo,
    clientId,
    reactions: [],
    media: pending.media ?? [],
  };
  const outbox = state.outbox.filter((entry) => entry !== pending);
  const next = onTimeline({ ...state, outbox }, frame.room_id, (timeline) =>
    messageAt(timeline, frame.seq) ? timeline : merge(timeline, [message]),
  );
  return onRoom(next, frame.room_id, (room) =>
    frame.seq > room.lastSeq
      ? { lastSeq: frame.seq, lastMessage: message, unreadCount: 0, mentionCount: 0 }
      : {},
  );
}

/**
 * What came back in whatever way is not pending any more, so that nothing shows twice.
 * @param {State} state
 * @param {Message[]} messages
 * @returns {State}
 */
function settled(state, messages) {
  if (state.outbox.length === 0) return state;
  const mine = new Set(
    messages
      .filter((message) => message.userId === state.me?.userId)
      .map((message) => message.clientId),
  );
  const outbox = state.outbox.filter((pending) => !mine.has(pending.clientId));
  return outbox.length === state.outbox.length ? state : { ...state, outbox };
}

/**
 * @param {State} state
 * @param {MessagePlace} frame
 * @param {Omit<Patch, "seq"|"rev">} what
 * @param {boolean} live true when the frame came in the order of rev
 * @returns {State}
 */
function changed(state, frame, what, live = true) {
  /** @type {Patch} */
  const patch = { seq: frame.seq, rev: frame.rev, ...what };
  const held = onTimeline(state, frame.room_id, (timeline) => applyPatch(timeline, patch));
  const next = onPins(held, frame.room_id, patch);
  return onRoom(next, frame.room_id, (room) => {
    const rev = live ? Math.max(room.rev, frame.rev) : room.rev;
    // Deleted messages are not unread; the mark lies at or below lastSeq - unread, so what is above
    // was counted.
    const unread = room.unreadCount ?? 0;
    const uncounted =
      what.kind === "delete" && frame.rev > room.rev && frame.seq > room.lastSeq - unread
        ? Math.max(0, unread - 1)
        : unread;
    const last = room.lastMessage;
    if (!last || last.seq !== frame.seq) return { rev, unreadCount: uncounted };
    const lastMessage = applyPatch({ ...emptyTimeline(), messages: [last] }, patch).messages[0];
    return { rev, unreadCount: uncounted, lastMessage };
  });
}

/**
 * A deleted message is pinned no longer.
 * @param {State} state
 * @param {string} roomId
 * @param {Patch} patch
 * @returns {State}
 */
function onPins(state, roomId, patch) {
  const pins = state.pins[roomId];
  if (!pins?.some(({ message }) => message.seq === patch.seq)) return state;
  const next = pins.map((pin) => {
    const [message] = applyPatch({ ...emptyTimeline(), messages: [pin.message] }, patch).messages;
    return message === pin.message ? pin : { ...pin, message };
  });
  const kept = next.filter(({ message }) => !message.deletedAt);
  return { ...state, pins: { ...state.pins, [roomId]: kept } };
}

/**
 * What was missed while away. Unread counts come with `subscribed`, so nothing is counted here.
 * @param {State} state
 * @param {Changes} frame
 * @returns {State}
 */
function replayed(state, frame) {
  const roomId = frame.room_id;
  /** @type {Message[]} */
  const messages = frame.messages ?? [];
  const next = onTimeline(settled(state, messages), roomId, (timeline) =>
    frame.reset ? { ...timeline, reset: true } : mergeChanges(timeline, messages),
  );
  const newest = messages.reduce(
    (best, message) => (best && best.seq > message.seq ? best : message),
    /** @type {Message|undefined} */ (undefined),
  );
  return onRoom(next, roomId, (room) => ({
    ...(frame.room
      ? {
          ...frame.room,
          full: frame.room.participants.length >= frame.room.userCount,
          stale: true,
        }
      : {}),
    rev: frame.reset ? frame.rev : Math.max(room.rev, frame.rev),
    lastSeq: Math.max(room.lastSeq, newest?.seq ?? 0),
    ...(newest && newest.seq >= room.lastSeq ? { lastMessage: newest } : {}),
  }));
}

/**
 * Marks never move back.
 * @param {State} state
 * @param {string} roomId
 * @param {Record<string, number>} marks
 * @returns {State}
 */
function readBy(state, roomId, marks) {
  const held = state.reads[roomId] ?? {};
  const moved = Object.entries(marks).filter(([id, seq]) => seq > (held[id] ?? 0));
  if (moved.length === 0) return state;
  return {
    ...state,
    reads: { ...state.reads, [roomId]: { ...held, ...Object.fromEntries(moved) } },
  };
}

/**
 * My own mark. It moves back only where I have marked messages as unread, perhaps on another device.
 * @param {State} state
 * @param {ActionOf<"read_marked">} frame
 * @returns {State}
 */
function marked(
  state,
  { room_id: roomId, user_id: userId, unread_count: unread, last_read_seq: seq },
) {
  if (userId !== state.me?.userId) return state;
  const back = seq < (state.rooms[roomId]?.readSeq ?? 0);
  return onRoom(back ? heldUnread(state, roomId) : state, roomId, () => ({
    readSeq: seq,
    unreadCount: unread,
    ...(unread === 0 && { mentionCount: 0 }),
  }));
}

/**
 * What is in view does not count as read any more.
 * @param {State} state
 * @param {string} roomId
 * @returns {State}
 */
function heldUnread(state, roomId) {
  if (state.visit?.roomId !== roomId) return state;
  return { ...state, held: roomId, reading: null };
}

/**
 * @param {State} state
 * @param {ActionOf<"reading">} action
 * @returns {State}
 */
function reading(state, { room_id: roomId }) {
  if (state.reading === roomId && (!roomId || !state.rooms[roomId]?.unreadCount)) return state;
  const next = { ...state, reading: roomId };
  return roomId ? onRoom(next, roomId, () => ({ unreadCount: 0, mentionCount: 0 })) : next;
}

/**
 * @param {State} state
 * @param {string} roomId
 * @param {string} userId
 * @returns {State}
 */
function endTyping(state, roomId, userId) {
  const people = state.typing[roomId];
  if (!people?.[userId]) return state;
  const { [userId]: _, ...rest } = people;
  return { ...state, typing: { ...state.typing, [roomId]: rest } };
}

/**
 * @param {State} state
 * @param {string} roomId
 * @param {(room: Room) => Partial<Room>} change
 * @returns {State}
 */
export function onRoom(state, roomId, change) {
  const room = state.rooms[roomId];
  return room
    ? { ...state, rooms: { ...state.rooms, [roomId]: { ...room, ...change(room) } } }
    : state;
}

/**
 * @param {State} state
 * @param {string} roomId
 * @param {(timeline: Timeline) => Timeline} change
 * @returns {State}
 */
function onTimeline(state, roomId, change) {
  const timeline = state.timelines[roomId];
  const next = timeline && change(timeline);
  return next && next !== timeline ? withTimeline(state, roomId, next) : state;
}

/**
 * @param {State} state
 * @param {string} roomId
 * @param {Timeline} timeline
 * @returns {State}
 */
function withTimeline(state, roomId, timeline) {
  return { ...state, timelines: { ...state.timelines, [roomId]: timeline } };
}
