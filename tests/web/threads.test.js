/** Threads that I follow, and what stands below their first messages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRoute, viewOf } from "../../assets/js/lib/route.js";
import { unreadThreads } from "../../assets/js/state/select.js";
import { counted, heard, seqOf, threadsOf, unknownParts } from "../../assets/js/state/threads.js";
import { after, live, messages, ROOM, signedIn } from "./fixtures.js";

const ROOT = "msg1000000001";
const OTHER = "msg2000000001";

const list = (unreadSeq) =>
  threadsOf([
    { roomId: ROOM, messageId: ROOT, unreadSeq },
    { roomId: "room002", messageId: OTHER },
  ]);
const replied = (seq, more = {}) => ({
  type: "thread_updated",
  room_id: ROOM,
  message_id: ROOT,
  reply_id: `msg${1_000_000_000 + seq}`,
  seq,
  sender_id: "bob",
  created_at: "2025-07-15T13:00:00.000Z",
  deleted: false,
  ...more,
});
const changed = (following, unread) => ({
  type: "thread_changed",
  room_id: ROOM,
  message_id: ROOT,
  following,
  last_read_seq: 1,
  ...(unread && { unread_seq: unread }),
});
const read = (seq, unread = 0, by = "alice") => ({
  type: "read_marked",
  room_id: ROOM,
  user_id: by,
  last_read_seq: seq,
  unread_count: unread,
});
const hear = (threads, ...frames) =>
  frames.reduce((known, frame) => heard(known, frame, "alice"), threads);
const unread = (threads) => threads[ROOT]?.unread;

test("a reply of somebody else is unread where the thread is followed", () => {
  const none = list();
  assert.equal(unread(hear(none, replied(5))), 5);
  assert.equal(unread(hear(none, replied(7), replied(5))), 7, "in whatever order they come");
  assert.equal(unread(hear(none, replied(5, { sender_id: "alice" }))), undefined);
  const elsewhere = replied(5, { message_id: "msg1000000003" });
  assert.equal(hear(none, elsewhere), none);
  assert.notEqual(hear(none, replied(5, { sender_id: "alice" })), none, "the list has a new order");
  assert.equal(unreadThreads({ threads: hear(none, replied(5)) }), 1);
  assert.equal(unreadThreads({ threads: null }), 0);
});

test("what is read anywhere is unread nowhere", () => {
  const two = hear(list(), replied(5));
  assert.equal(unread(hear(two, changed(true))), undefined, "read in the thread");
  assert.equal(unread(hear(two, read(4))), 5);
  assert.equal(unread(hear(two, read(5))), undefined, "read in the conversation");
  assert.equal(unread(hear(two, read(5, 0, "bob"))), 5, "by somebody else");
  const own = live(6, { sender_id: "alice" });
  assert.equal(unread(hear(two, own)), undefined, "whoever writes has read everything");
  assert.equal(unread(hear(two, live(6))), 5);
  assert.equal(hear(list(), read(9)) === null, false);
});

test("the server is asked where a frame does not tell enough", () => {
  const one = list(5);
  assert.equal(hear(one, replied(5, { deleted: true })), null, "the one before may be unread");
  assert.equal(heard(one, read(2, 3), "alice", 6), null, "marked as unread");
  assert.equal(heard(one, read(2, 3), "alice", 1) === null, false, "read on");
  assert.equal(hear(one, read(2, 3)), null, "it is not known which");
  assert.equal(hear(one, { type: "subscribed", rooms: [] }), null);
});

test("threads are followed and left, and go with their room", () => {
  const one = list(5);
  assert.deepEqual(Object.keys(hear(one, changed(false))), [OTHER]);
  const left = hear(one, changed(false));
  assert.equal(hear(left, changed(false)), left, "again the same");
  assert.equal(unread(hear(one, changed(false), changed(true, 8))), 8);
  assert.equal(hear(one, changed(true, 5)), one, "nothing new");
  const gone = { type: "participant_removed", room_id: ROOM, rev: 9, user_id: "alice" };
  assert.deepEqual(Object.keys(hear(one, gone)), [OTHER]);
  assert.equal(hear(one, { ...gone, user_id: "bob" }), one);
  const deleted = { type: "room_deleted", room_id: ROOM, rev: 9 };
  assert.deepEqual(Object.keys(hear(one, deleted)), [OTHER]);
  const state = after(signedIn(), { type: "threads_loaded", threads: one });
  assert.equal(unreadThreads(state), 1);
});

test("replies are counted once, whoever counted them", () => {
  const first = counted(undefined, replied(5));
  assert.deepEqual([first.n, first.lastSeq], [1, 5]);
  assert.equal(counted(first, replied(5)), first, "the server has counted it");
  const more = [6, 7, 8].reduce(
    (known, seq) => counted(known, replied(seq, { sender_id: `user${seq}` })),
    counted(first, replied(5)),
  );
  assert.equal(more.n, 4);
  assert.deepEqual(
    more.people.map(({ userId }) => userId),
    ["user8", "user7", "user6"],
  );
  const again = counted(more, replied(9, { sender_id: "user6" }));
  assert.deepEqual(
    again.people.map(({ userId }) => userId),
    ["user6", "user8", "user7"],
  );
  assert.equal(counted(more, replied(8, { deleted: true })), null);
});

test("what stands below messages is asked for once, in parts", () => {
  const held = messages(1, 6);
  assert.deepEqual(unknownParts(held, new Set(), 1000), [[1, 6]]);
  assert.deepEqual(unknownParts(held, new Set([1, 2, 5, 6]), 1000), [[3, 4]]);
  assert.deepEqual(unknownParts(held, new Set(), 4), [
    [1, 4],
    [5, 6],
  ]);
  assert.deepEqual(unknownParts(held, new Set([1, 2, 3, 4, 5, 6]), 1000), []);
  assert.equal(seqOf("msg7000000012"), 12);
});

test("the list of threads has an address", () => {
  const route = parseRoute("#/threads");
  assert.deepEqual([route, viewOf(route)], [{ page: "threads" }, "page"]);
});
