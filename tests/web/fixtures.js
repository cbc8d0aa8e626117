/** Sample messages, rooms and states for the tests of the web UI's pure modules. */
import { initialState, reduce } from "../../assets/js/state/reduce.js";

export const ROOM = "room001";

export function message(seq, more = {}) {
  return {
    messageId: `msg${1_000_000_000 + seq}`,
    roomId: ROOM,
    userId: "bob",
    content: `message ${seq}`,
    createdAt: new Date(Date.UTC(2025, 6, 15, 13, 0, seq)).toISOString(),
    seq,
    rev: seq,
    reactions: [],
    ...more,
  };
}

export function messages(from, to) {
  return Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
}

export function room(more = {}) {
  return {
    roomId: ROOM,
    name: "Harbour",
    createdAt: "2025-07-01T09:00:00Z",
    userCount: 2,
    ownerId: "alice",
    visibility: "private",
    rev: 0,
    lastSeq: 0,
    unreadCount: 0,
    mentionCount: 0,
    lastMessage: null,
    participants: [
      { userId: "alice", name: "Alice", edited_name: "", role: "member" },
      { userId: "bob", name: "Bob", edited_name: "", role: "member" },
    ],
    ...more,
  };
}

/** Alice, signed in, with one room. */
export function signedIn(more = {}) {
  return after(
    initialState(),
    { type: "signed_in", me: { userId: "alice", name: "Alice" }, outbox: [] },
    { type: "rooms_loaded", rooms: [room(more)] },
  );
}

export function after(state, ...events) {
  return events.reduce(reduce, state);
}

export function live(seq, more = {}) {
  return {
    type: "chat_message",
    room_id: ROOM,
    message_id: `msg${1_000_000_000 + seq}`,
    seq,
    rev: seq,
    sender_id: "bob",
    sender_name: "Bob",
    content: `message ${seq}`,
    timestamp: "2025-07-15T13:00:00Z",
    created_at: "2025-07-15T13:00:00.123Z",
    ...more,
  };
}

export const page = (list, covered = null) => ({
  type: "page_loaded",
  room_id: ROOM,
  messages: list,
  covered,
});
export const opened = { type: "history_opened", room_id: ROOM };
export const seqs = (state) => state.timelines[ROOM].messages.map(({ seq }) => seq);
