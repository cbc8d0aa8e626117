import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState } from "../../assets/js/state/reduce.js";
import { messageAt } from "../../assets/js/state/timeline.js";
import {
  after,
  live,
  message,
  messages,
  opened,
  page,
  room,
  ROOM,
  seqs,
  signedIn,
} from "./fixtures.js";

const pending = (clientId, more = {}) => ({
  type: "queued",
  pending: {
    clientId,
    roomId: ROOM,
    content: "hello",
    createdAt: "2025-07-15T13:00:00Z",
    state: "pending",
    ...more,
  },
});
const entry = (more) => ({
  type: "subscribed",
  rooms: [{ room_id: ROOM, rev: 0, last_seq: 0, unread_count: 0, mention_count: 0, ...more }],
});
const unread = (state) => state.rooms[ROOM].unreadCount;

test("a live message of another counts as unread, one of mine does not", () => {
  const state = after(signedIn(), live(1), live(2, { content: "hi @alice" }));
  assert.equal(unread(state), 2);
  assert.equal(state.rooms[ROOM].mentionCount, 1);
  assert.equal(unread(after(state, live(3, { sender_id: "alice" }))), 0);
});

test("a live message that comes again is not counted again", () => {
  assert.equal(unread(after(signedIn(), live(1), live(1))), 1);
});

test("nothing is unread in the room whose end is in view", () => {
  const state = after(
    signedIn({ unreadCount: 3, lastSeq: 3 }),
    { type: "reading", room_id: ROOM },
    live(4),
  );
  assert.equal(unread(state), 0);
});

test("a deleted message is not unread any more", () => {
  const state = after(signedIn(), live(1), live(2), {
    type: "message_deleted",
    room_id: ROOM,
    message_id: "msg1000000002",
    seq: 2,
    rev: 3,
    user_id: "bob",
    timestamp: "2025-07-15T13:00:00Z",
  });
  assert.equal(unread(state), 1);
  assert.equal(state.rooms[ROOM].lastMessage.content, undefined);
});

test("another tab's read mark settles the count", () => {
  const state = after(signedIn(), live(1), live(2), {
    type: "read_marked",
    room_id: ROOM,
    user_id: "alice",
    last_read_seq: 1,
    unread_count: 1,
  });
  assert.equal(unread(state), 1);
});

test("what was sent is pending, then a message, and never both", () => {
  const sent = {
    type: "message_sent",
    room_id: ROOM,
    message_id: "msg1000000001",
    seq: 1,
    rev: 1,
    client_id: "c1",
    ref: "c1",
    timestamp: "2025-07-15T13:00:00Z",
  };
  const echo = live(1, { sender_id: "alice", client_id: "c1", content: "hello" });
  const start = after(signedIn(), opened, pending("c1"));
  assert.equal(start.outbox.length, 1);
  for (const events of [[sent, echo], [echo, sent], [echo], [sent]]) {
    const state = after(start, ...events);
    assert.deepEqual(state.outbox, []);
    assert.deepEqual(seqs(state), [1]);
    assert.equal(state.rooms[ROOM].lastSeq, 1);
  }
});

test("the same client id of another person settles nothing of mine", () => {
  assert.equal(after(signedIn(), pending("c1"), live(1, { client_id: "c1" })).outbox.length, 1);
});

test("what comes back in a replay or in a page is not pending any more", () => {
  const mine = message(1, { userId: "alice", clientId: "c1" });
  const start = after(signedIn(), opened, page([], null), pending("c1"), pending("c2"));
  for (const event of [
    page([mine]),
    { type: "changes", room_id: ROOM, rev: 1, messages: [mine] },
  ]) {
    assert.deepEqual(
      after(start, event).outbox.map(({ clientId }) => clientId),
      ["c2"],
    );
  }
});

test("a refused message says why, can be tried again and thrown away", () => {
  const failed = after(signedIn(), pending("c1"), {
    type: "send_failed",
    clientId: "c1",
    reason: "forbidden",
  });
  assert.equal(failed.outbox[0].state, "failed");
  assert.equal(failed.outbox[0].reason, "forbidden");
  assert.equal(after(failed, { type: "send_retried", clientId: "c1" }).outbox[0].state, "pending");
  assert.deepEqual(after(failed, { type: "send_dropped", clientId: "c1" }).outbox, []);
});

test("pages and live messages meet without holes or doubles", () => {
  const state = after(signedIn(), opened, live(51), live(52), page(messages(1, 51), [1, 51]));
  assert.deepEqual(
    seqs(state),
    messages(1, 52).map(({ seq }) => seq),
  );
});

test("an edit that overtakes its page is not lost", () => {
  const state = after(
    signedIn(),
    opened,
    {
      type: "message_edited",
      room_id: ROOM,
      message_id: "msg1000000002",
      seq: 2,
      rev: 9,
      sender_id: "bob",
      content: "edited",
      edited_at: "2025-07-15T14:00:00Z",
    },
    page(messages(1, 3), [1, 3]),
  );
  assert.equal(messageAt(state.timelines[ROOM], 2).content, "edited");
});

test("what REST answers to an edit does not move the room's rev: that is for the socket's order", () => {
  const state = after(signedIn({ rev: 3 }), opened, page(messages(1, 3), [1, 3]), {
    type: "message_loaded",
    message: message(2, { rev: 9, content: "edited" }),
  });
  assert.equal(messageAt(state.timelines[ROOM], 2).content, "edited");
  assert.equal(state.rooms[ROOM].rev, 3);
});

test("a replay does not count unread; `subscribed` says it", () => {
  const missed = {
    type: "changes",
    room_id: ROOM,
    rev: 12,
    messages: [message(4, { rev: 12 }), message(2, { rev: 10, content: "edited" })],
  };
  const state = after(
    signedIn({ lastSeq: 3, rev: 3 }),
    opened,
    page(messages(1, 3), [1, 3]),
    missed,
  );
  assert.equal(unread(state), 0);
  assert.equal(state.rooms[ROOM].rev, 12);
  assert.deepEqual(seqs(state), [1, 2, 3, 4]);
  assert.equal(unread(after(state, entry({ rev: 12, last_seq: 4, unread_count: 1 }))), 1);
});

test("`subscribed` that is older than a live message does not take its count back", () => {
  const state = after(
    signedIn(),
    live(1),
    live(2),
    entry({ rev: 1, last_seq: 1, unread_count: 1 }),
  );
  assert.equal(unread(state), 2);
});

test("a room that is missing in `subscribed` is gone", () => {
  const state = after(signedIn(), opened, { type: "subscribed", rooms: [] });
  assert.deepEqual(state.rooms, {});
  assert.deepEqual(state.timelines, {});
});

test("a reset keeps what is shown until the latest page replaces it", () => {
  const start = after(signedIn({ lastSeq: 3, rev: 30 }), opened, page(messages(1, 3), [1, 3]));
  for (const event of [
    { type: "changes", room_id: ROOM, reset: true, rev: 2, messages: [] },
    entry({ reset: true, rev: 2, last_seq: 1 }),
  ]) {
    const reset = after(start, event);
    assert.deepEqual(seqs(reset), [1, 2, 3]);
    assert.equal(reset.rooms[ROOM].rev, 2);
    assert.deepEqual(seqs(after(reset, page([message(1, { content: "restored" })], [1, 1]))), [1]);
  }
});

test("a list of rooms that is older than the socket takes nothing back", () => {
  const state = after(signedIn(), live(1), {
    type: "rooms_loaded",
    rooms: [room({ rev: 0, lastSeq: 0, unreadCount: 0 })],
  });
  assert.equal(unread(state), 1);
  assert.equal(state.rooms[ROOM].lastSeq, 1);
});

test("people come, change and go", () => {
  const joined = {
    type: "participant_added",
    room_id: ROOM,
    rev: 5,
    user_id: "carol",
    name: "Carol",
    edited_name: "",
    role: "member",
  };
  let state = after(signedIn(), joined);
  assert.equal(state.rooms[ROOM].userCount, 3);
  assert.equal(state.people.carol, "Carol");
  state = after(state, joined, {
    ...joined,
    type: "participant_changed",
    rev: 6,
    edited_name: "Caz",
    role: "admin",
  });
  assert.equal(state.rooms[ROOM].userCount, 3);
  assert.equal(state.rooms[ROOM].participants[2].edited_name, "Caz");
  state = after(state, { type: "participant_removed", room_id: ROOM, rev: 7, user_id: "carol" });
  assert.equal(state.rooms[ROOM].userCount, 2);
  assert.deepEqual(
    after(state, { type: "participant_removed", room_id: ROOM, rev: 8, user_id: "alice" }).rooms,
    {},
  );
});

test("a room that I am added to appears; a renamed and a deleted one follow", () => {
  const added = {
    type: "room_added",
    room: room({ roomId: "room002", name: "New" }),
    unread_count: 4,
  };
  const state = after(signedIn(), added, {
    type: "room_updated",
    room_id: "room002",
    rev: 2,
    name: "Newer",
    visibility: "public",
    owner_id: "bob",
  });
  assert.equal(state.rooms.room002.name, "Newer");
  assert.equal(state.rooms.room002.unreadCount, 4);
  assert.equal(
    after(state, { type: "room_deleted", room_id: "room002", rev: 3 }).rooms.room002,
    undefined,
  );
});

test("presence follows who enters and leaves, and is unknown without a connection", () => {
  const joined = after(
    signedIn(),
    { type: "room_joined", room_id: ROOM, online: ["alice"] },
    { type: "user_joined", room_id: ROOM, user_id: "bob" },
  );
  assert.deepEqual(joined.online[ROOM], ["alice", "bob"]);
  assert.deepEqual(
    after(joined, { type: "presence", room_id: ROOM, joined: ["carol"], left: ["bob"] }).online[
      ROOM
    ],
    ["alice", "carol"],
  );
  assert.deepEqual(
    after(joined, { type: "connection", connection: { state: "offline" } }).online,
    {},
  );
});

test("typing shows until its time, a message or leaving ends it, and never my own", () => {
  const state = after(
    signedIn(),
    { type: "room_joined", room_id: ROOM, online: ["bob"] },
    { type: "typing_started", room_id: ROOM, user_id: "bob", now: 1000 },
    { type: "typing_started", room_id: ROOM, user_id: "alice", now: 1000 },
  );
  assert.deepEqual(Object.keys(state.typing[ROOM]), ["bob"]);
  assert.deepEqual(
    Object.keys(after(state, { type: "typing_ended", room_id: ROOM, now: 6000 }).typing[ROOM]),
    ["bob"],
  );
  assert.deepEqual(
    after(state, { type: "typing_ended", room_id: ROOM, now: 8000 }).typing[ROOM],
    {},
  );
  assert.deepEqual(after(state, live(1)).typing[ROOM], {});
  assert.deepEqual(
    after(state, { type: "user_left", room_id: ROOM, user_id: "bob" }).typing[ROOM],
    {},
  );
});

test("read marks never move back", () => {
  const read = (seq) => ({
    type: "message_read",
    room_id: ROOM,
    user_id: "bob",
    last_read_seq: seq,
  });
  assert.equal(after(signedIn(), read(5), read(3)).reads[ROOM].bob, 5);
});

test("a visit remembers what was unread when it began", () => {
  const state = after(
    signedIn({ unreadCount: 2, lastSeq: 9 }),
    { type: "room_opened", room_id: ROOM },
    { type: "reading", room_id: ROOM },
    live(10),
  );
  assert.deepEqual(state.visit, { roomId: ROOM, unread: 2, lastSeq: 9 });
});

test("what is unknown changes nothing", () => {
  const state = signedIn();
  assert.equal(after(state, { type: "pong" }, { type: "something_new", room_id: ROOM }), state);
});

test("a list of rooms that fails to load is known as failed until one is there, and stays then", () => {
  const failed = after(
    initialState(),
    { type: "signed_in", me: { userId: "alice", name: "Alice" }, outbox: [] },
    { type: "rooms_failed" },
  );
  assert.deepEqual([failed.ready, failed.listFailed], [false, true]);
  const loaded = after(failed, { type: "rooms_loaded", rooms: [room()] });
  assert.deepEqual([loaded.ready, loaded.listFailed], [true, false]);
  assert.equal(after(loaded, { type: "rooms_failed" }), loaded);
});

test("messages that pass through do not pile up, whether their room is open or not", () => {
  const { length } = after(
    signedIn(),
    opened,
    page(messages(1, 50), [1, 50]),
    ...Array.from({ length: 3000 }, (_, index) => live(51 + index)),
  ).timelines[ROOM].messages;
  assert.ok(length <= 1000, `${length} messages`);
  const read = { low: 3000, high: Infinity };
  const state = after(
    signedIn(),
    { type: "room_opened", room_id: ROOM },
    opened,
    page(messages(1, 50), [1, 50]),
    ...Array.from({ length: 3000 }, (_, index) => live(51 + index)),
    { type: "history_spare", room_id: ROOM, read },
  );
  assert.deepEqual([seqs(state)[0], seqs(state).at(-1)], [2500, 3050]);
});
