import assert from "node:assert/strict";
import { test } from "node:test";
import {
  applyPatch,
  bounded,
  emptyTimeline,
  firstUnread,
  gaps,
  merge,
  mergeChanges,
  mergePage,
  messageAt,
  released,
} from "../../assets/js/state/timeline.js";
import { Target } from "../../assets/js/state/target.js";
import { message, messages } from "./fixtures.js";

const of = (...seqs) =>
  merge(
    emptyTimeline(),
    seqs.map((seq) => message(seq)),
  );
const list = (timeline) => timeline.messages.map(({ seq }) => seq);

test("messages stand in the order of seq, however they come", () => {
  const timeline = merge(of(3, 1), [message(2), message(5), message(4)]);
  assert.deepEqual(list(timeline), [1, 2, 3, 4, 5]);
});

test("a message that comes twice is there once", () => {
  assert.deepEqual(list(merge(of(1, 2), [message(2), message(2), message(3)])), [1, 2, 3]);
});

test("the version with the higher rev wins, in either order", () => {
  const old = message(1, { rev: 1, content: "old" });
  const edited = message(1, { rev: 7, content: "new" });
  assert.equal(messageAt(merge(merge(emptyTimeline(), [old]), [edited]), 1).content, "new");
  assert.equal(messageAt(merge(merge(emptyTimeline(), [edited]), [old]), 1).content, "new");
  assert.equal(messageAt(merge(emptyTimeline(), [edited, old]), 1).content, "new");
});

test("merging nothing changes nothing", () => {
  const timeline = of(1);
  assert.equal(merge(timeline, []), timeline);
});

test("an edit that comes before its page is applied to it", () => {
  const early = applyPatch(emptyTimeline(), {
    seq: 2,
    rev: 9,
    kind: "edit",
    content: "later",
    at: "2025-07-15T14:00:00Z",
  });
  const timeline = mergePage(early, messages(1, 3), [1, 3]);
  assert.equal(messageAt(timeline, 2).content, "later");
  assert.equal(messageAt(timeline, 2).editedAt, "2025-07-15T14:00:00Z");
  assert.deepEqual(timeline.patches, []);
});

test("a page that is newer than a waiting edit is left as it is", () => {
  const early = applyPatch(emptyTimeline(), { seq: 2, rev: 9, kind: "edit", content: "earlier" });
  const timeline = mergePage(early, [message(2, { rev: 12, content: "newest" })], null);
  assert.equal(messageAt(timeline, 2).content, "newest");
});

test("a deleted message keeps its place and loses its content and reactions", () => {
  const timeline = applyPatch(
    merge(emptyTimeline(), [
      message(1, { reactions: [{ reactionType: "like", userIds: ["bob"] }] }),
    ]),
    { seq: 1, rev: 5, kind: "delete", at: "2025-07-15T14:00:00Z" },
  );
  assert.equal(messageAt(timeline, 1).content, undefined);
  assert.deepEqual(messageAt(timeline, 1).reactions, []);
});

test("reactions gather by kind and go when the last one is taken back", () => {
  const react = (timeline, rev, userId, reactionType, kind = "react") =>
    applyPatch(timeline, { seq: 1, rev, kind, userId, reactionType });
  let timeline = react(react(react(of(1), 2, "alice", "like"), 3, "bob", "like"), 4, "bob", "🚀");
  assert.deepEqual(messageAt(timeline, 1).reactions, [
    { reactionType: "like", userIds: ["alice", "bob"] },
    { reactionType: "🚀", userIds: ["bob"] },
  ]);
  timeline = react(react(timeline, 5, "bob", "🚀", "unreact"), 6, "alice", "like", "unreact");
  assert.deepEqual(messageAt(timeline, 1).reactions, [{ reactionType: "like", userIds: ["bob"] }]);
});

test("a change that was applied already changes nothing", () => {
  const once = applyPatch(of(1), {
    seq: 1,
    rev: 4,
    kind: "react",
    userId: "bob",
    reactionType: "like",
  });
  assert.equal(
    applyPatch(once, { seq: 1, rev: 4, kind: "react", userId: "bob", reactionType: "like" }),
    once,
  );
});

test("holes in seq are gaps, at the start, inside and at the end", () => {
  assert.deepEqual(gaps(of(4, 5, 9), 12), [
    [1, 3],
    [6, 8],
    [10, 12],
  ]);
  assert.deepEqual(gaps(of(1, 2, 3), 3), []);
  assert.deepEqual(gaps(emptyTimeline(), 2), [[1, 2]]);
});

test("a place where the server has nothing is not asked for again", () => {
  const timeline = mergePage(of(8, 9), [message(3), message(7)], [1, 7]);
  assert.deepEqual(gaps(timeline, 9), []);
});

test("a replay adds new messages and new versions, whatever their order", () => {
  const timeline = mergeChanges(of(1, 2, 3), [
    message(5, { rev: 20 }),
    message(2, { rev: 21, content: "edited" }),
    message(4, { rev: 22 }),
  ]);
  assert.deepEqual(list(timeline), [1, 2, 3, 4, 5]);
  assert.equal(messageAt(timeline, 2).content, "edited");
});

test("a replayed change of something older makes no island, and is not lost", () => {
  const timeline = mergeChanges(of(50, 51), [message(3, { rev: 90, content: "edited" })]);
  assert.deepEqual(list(timeline), [50, 51]);
  assert.equal(messageAt(mergePage(timeline, [message(3, { rev: 3 })], null), 3).content, "edited");
});

test("after a reset the next latest page replaces everything", () => {
  const timeline = mergePage(
    { ...of(1, 2, 3), reset: true },
    [message(1, { content: "restored" })],
    [1, 1],
  );
  assert.deepEqual(list(timeline), [1]);
  assert.equal(timeline.reset, false);
});

test("the unread line is above the n-th message from the end, deleted ones not counted", () => {
  const timeline = merge(of(1, 2, 3, 4, 5), [
    message(4, { rev: 9, deletedAt: "2025-07-15T14:00:00Z" }),
  ]);
  assert.equal(firstUnread(timeline, 5, 2), 3);
  assert.equal(firstUnread(timeline, 5, 0), undefined);
});

test("the unread line stays where it was when more comes", () => {
  assert.equal(firstUnread(of(1, 2, 3, 4, 5, 6), 4, 2), 3);
});

test("there is no unread line while its message is not held", () => {
  assert.equal(firstUnread(of(8, 9), 9, 5), undefined);
  assert.equal(firstUnread(of(1, 2, 8, 9), 9, 3), undefined);
});

test("a new message does not make a long history be read again", () => {
  let reads = 0;
  const counted = ({ seq, ...rest }) => ({
    ...rest,
    get seq() {
      reads += 1;
      return seq;
    },
  });
  let timeline = { ...emptyTimeline(), messages: messages(1, 50_000).map(counted) };
  for (let seq = 50_001; seq <= 50_200; seq += 1) timeline = merge(timeline, [message(seq)]);
  assert.equal(timeline.messages.length, 50_200);
  assert.ok(reads < 200 * 100, `${reads} reads`);
});

test("what is far from what is read is let go and becomes a gap; the newest stay", () => {
  const timeline = { ...emptyTimeline(), loaded: true, messages: messages(1, 5000) };
  const read = released(timeline, { low: 2000, high: 2100 });
  assert.deepEqual(gaps(read, 5000), [
    [1, 1499],
    [2600, 4500],
  ]);
  const atEnd = released(timeline, { low: 4900, high: Infinity });
  assert.deepEqual(gaps(atEnd, 5000), [[1, 4399]]);
  assert.equal(released(atEnd, { low: 4900, high: Infinity }), atEnd);
  const nearEnd = released(timeline, { low: 4200, high: 4300 });
  assert.deepEqual(gaps(nearEnd, 5000), [[1, 3699]]);
});

test("a room that nobody looks at holds its newest messages only", () => {
  const few = { ...emptyTimeline(), messages: messages(1, 1000) };
  assert.equal(bounded(few), few);
  const many = bounded({ ...few, messages: messages(1, 1001) });
  assert.deepEqual([many.messages.length, many.messages.at(-1).seq], [500, 1001]);
});

test("the list goes to the message of the address once, and again if what was kept has lost it", () => {
  const target = new Target();
  const first = of(1, 2, 3);
  const id = (seq) => message(seq).messageId;
  assert.equal(target.isDue(first, undefined), false);
  assert.equal(target.isDue(first, id(9)), false, "not held yet");
  assert.equal(target.isDue(first, id(2)), true);
  target.reach(first, id(2));
  assert.equal(target.isDue(first, id(2)), false);
  assert.equal(target.isDue(of(8, 9), id(2)), false, "let go, as the reader has gone elsewhere");
  assert.equal(target.isDue(first, undefined), false);
  assert.equal(target.isDue(first, id(2)), true, "asked for anew");
  // Of an earlier visit, until the server has answered.
  const kept = { ...of(1, 2, 3), reset: true };
  target.reach(kept, id(2));
  assert.equal(target.isDue(kept, id(2)), false);
  assert.equal(target.isDue(of(8, 9), id(2)), false, "it is fetched again");
  assert.equal(target.isDue(of(2, 8, 9), id(2)), true);
  target.reach(kept, id(2));
  assert.equal(target.isDue(of(2, 3), id(2)), false, "it is there still");
});
