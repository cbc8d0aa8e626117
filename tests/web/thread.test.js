/** Threads: which messages belong to one, and how pages and events come together. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answered,
  followed,
  holds,
  replyCount,
  rootOf,
  taken,
  threadRows,
} from "../../assets/js/state/thread.js";
import { applyPatch, emptyTimeline, merge } from "../../assets/js/state/timeline.js";
import { after, live, message, messages, opened, page, room, ROOM, signedIn } from "./fixtures.js";

const id = (seq) => message(seq).messageId;
const reply = (seq, to, more = {}) => message(seq, { replyTo: id(to), ...more });
const roomOf = (...list) => merge(emptyTimeline(), list);
const seqs = ({ timeline }) => timeline.messages.map(({ seq }) => seq);
const answer = (root, replies, more = 0) => ({
  message: root,
  replyCount: replies.filter(({ deletedAt }) => !deletedAt).length + more,
  messages: replies,
});
const load = (replies, more = 0, thread = null, asked = {}) =>
  taken(thread, answer(message(1), replies, more), { limit: 3, ...asked });
const conversation = (timeline, more = {}) => ({
  timeline,
  pending: [],
  me: "alice",
  lastSeq: 9,
  unreadCount: 0,
  mayDeleteAny: false,
  mayWrite: true,
  mayReact: true,
  pinnedBy: () => undefined,
  room: room(),
  reads: { bob: 9 },
  quoted: {},
  nameOf: (userId) => userId,
  pictureOf: () => undefined,
  ...more,
});

test("a thread begins with what its messages answer, by however many steps", () => {
  const timeline = roomOf(message(1), reply(2, 1), message(3), reply(4, 2));
  for (const seq of [1, 2, 4]) assert.equal(rootOf(timeline, id(seq)), id(1));
  assert.equal(rootOf(timeline, id(3)), id(3));
  assert.equal(rootOf(roomOf(reply(9, 8)), id(9)), id(8), "as far as it is known");
});

test("new replies are taken from the conversation, also those to replies; others are not", () => {
  const thread = load([reply(2, 1)]);
  const now = followed(
    thread,
    roomOf(...messages(1, 1), reply(2, 1), reply(3, 2), message(4), reply(5, 4), reply(6, 3)),
  );
  assert.deepEqual(seqs(now), [1, 2, 3, 6]);
  assert.equal(replyCount(now), 3);
  assert.ok(holds(now, id(6)) && !holds(now, id(5)));
  assert.equal(followed(now, roomOf(message(4))), now, "nothing is new");
});

test("a reply to one that only the conversation holds belongs to it", () => {
  const thread = load([reply(5, 1), reply(6, 1), reply(7, 1)], 1);
  assert.deepEqual([thread.more, thread.earlier], [true, 1]);
  const now = followed(thread, roomOf(reply(3, 1), reply(8, 3)));
  // The third is one of the earlier replies, which are counted already.
  assert.deepEqual(seqs(now), [1, 5, 6, 7, 8]);
  assert.equal(replyCount(now), 5);
});

test("edits and deletions are taken, of messages that the conversation does not hold too", () => {
  const thread = load([reply(2, 1), reply(3, 1)]);
  let timeline = roomOf(reply(3, 1, { rev: 8, content: "edited" }));
  timeline = applyPatch(timeline, { seq: 2, rev: 9, kind: "delete", at: "2025-07-15T14:00:00Z" });
  timeline = applyPatch(timeline, { seq: 1, rev: 10, kind: "edit", content: "asked", at: "x" });
  const now = followed(thread, timeline);
  assert.deepEqual(
    now.timeline.messages.map(({ content }) => content),
    ["asked", undefined, "edited"],
  );
  assert.equal(replyCount(now), 1);
  assert.equal(followed(now, timeline), now);
});

test("the frames of the socket reach it through the state", () => {
  const state = after(
    signedIn(),
    opened,
    page(messages(1, 1), [1, 1]),
    live(2, { reply_to: id(1) }),
    live(3),
    { type: "message_edited", room_id: ROOM, seq: 2, rev: 4, content: "better", edited_at: "x" },
  );
  const now = followed(load([]), state.timelines[ROOM]);
  assert.deepEqual(
    now.timeline.messages.map(({ content }) => content),
    ["message 1", "better"],
  );
});

test("a reply answers the first message, which the server takes as long as it is not deleted", () => {
  const thread = load([reply(2, 1), reply(3, 1), reply(4, 1, { deletedAt: "x" })]);
  assert.equal(answered(thread, id(1)), id(1));
  assert.equal(answered(null, id(1)), id(1));
  const gone = followed(thread, roomOf(message(1, { rev: 9, deletedAt: "x" })));
  assert.equal(answered(gone, id(1)), id(3));
});

test("earlier pages come before, until there is none", () => {
  const newest = load([reply(5, 1), reply(6, 1), reply(7, 1)], 4);
  assert.equal(replyCount(newest), 7);
  const more = load([reply(2, 1), reply(3, 1), reply(4, 1)], 4, newest, { before: id(5) });
  assert.deepEqual([seqs(more), more.more, more.earlier], [[1, 2, 3, 4, 5, 6, 7], true, 1]);
  const all = load([], 7, more, { before: id(2) });
  assert.deepEqual([all.more, replyCount(all)], [false, 6]);
});

test("after a reconnect the newest page joins what is held, or takes its place", () => {
  const held = load([reply(2, 1), reply(3, 1)]);
  const joined = load([reply(3, 1, { rev: 9 }), reply(4, 1), reply(5, 1)], 1, held);
  assert.deepEqual([seqs(joined), joined.more], [[1, 2, 3, 4, 5], false]);
  const far = load([reply(7, 1), reply(8, 1), reply(9, 1)], 2, held);
  assert.deepEqual([seqs(far), far.more, replyCount(far)], [[1, 7, 8, 9], true, 5]);
});

test("the rows: the first message, then the replies and what waits to be sent", () => {
  const thread = load([reply(2, 1), reply(3, 2)]);
  const pending = [
    { clientId: "a", roomId: ROOM, content: "mine", replyTo: id(1) },
    { clientId: "b", roomId: ROOM, content: "elsewhere", replyTo: id(9) },
    { clientId: "c", roomId: ROOM, content: "no reply" },
  ].map((entry) => ({ ...entry, createdAt: message(4).createdAt, state: "pending" }));
  const [first, replies] = threadRows(conversation(roomOf(), { pending }), thread, id(1));
  assert.deepEqual(
    first.map(({ kind }) => kind),
    ["day", "message"],
  );
  assert.deepEqual(
    replies.map(({ content }) => content),
    ["message 2", "message 3", "mine"],
  );
  // Only what answers another reply quotes it.
  assert.deepEqual(
    replies.map(({ quote }) => quote?.text ?? null),
    [null, "message 2", null],
  );
  assert.deepEqual(
    replies.flatMap(({ readers }) => readers),
    [],
  );
  const [none, unsent] = threadRows(conversation(roomOf(), { pending }), null, id(1));
  assert.deepEqual([none.length, unsent.at(-1).content], [0, "mine"], "not loaded yet");
});

test("its rows are not those of the conversation, and stay the same", () => {
  const thread = load([reply(2, 1)]);
  const rows = () => threadRows(conversation(thread.timeline), thread, id(1))[1];
  assert.equal(rows()[0], rows()[0]);
});
