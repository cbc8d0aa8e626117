import assert from "node:assert/strict";
import { test } from "node:test";
import { buildRows } from "../../assets/js/state/rows.js";
import { emptyTimeline, mergePage } from "../../assets/js/state/timeline.js";
import { message, messages } from "./fixtures.js";

const view = (list, more = {}) => ({
  timeline: mergePage(emptyTimeline(), list, null),
  lastSeq: list.at(-1)?.seq ?? 0,
  low: 0,
  high: Infinity,
  pending: [],
  me: "alice",
  unreadSeq: undefined,
  unreadCount: 0,
  mayDeleteAny: false,
  mayWrite: true,
  mayReact: true,
  pinnedBy: () => undefined,
  reads: {},
  quoted: {},
  nameOf: (id) => id.toUpperCase(),
  pictureOf: () => undefined,
  ...more,
});
const kinds = (rows) =>
  rows.map((row) => (row.kind === "message" ? (row.seq ?? row.clientId) : row.kind));
const at = (hour, minute = 0, day = 15) => new Date(2025, 6, day, hour, minute).toISOString();

test("a day is said once, and messages of one author within five minutes stand together", () => {
  const rows = buildRows(
    view([
      message(1, { createdAt: at(9) }),
      message(2, { createdAt: at(9, 4) }),
      message(3, { createdAt: at(9, 10) }),
      message(4, { createdAt: at(9, 11), userId: "carol" }),
      message(5, { createdAt: at(9, 11, 16), userId: "carol" }),
    ]),
  );
  assert.deepEqual(kinds(rows), ["day", 1, 2, 3, 4, "day", 5]);
  assert.deepEqual(
    rows.filter((row) => row.kind === "message").map((row) => row.follows),
    [false, true, false, false, false],
  );
});

test("the unread line has its own row, or shares that of the day", () => {
  const same = [message(1, { createdAt: at(9) }), message(2, { createdAt: at(9, 1) })];
  assert.deepEqual(kinds(buildRows(view(same, { unreadSeq: 2, unreadCount: 1 }))), [
    "day",
    1,
    "unread",
    2,
  ]);
  const next = [message(1, { createdAt: at(9) }), message(2, { createdAt: at(9, 0, 16) })];
  const rows = buildRows(view(next, { unreadSeq: 2, unreadCount: 1 }));
  assert.deepEqual(kinds(rows), ["day", 1, "day", 2]);
  assert.equal(rows[2].unread, 1);
});

test("what is missing stands in its place", () => {
  assert.deepEqual(
    kinds(buildRows(view([...messages(11, 12), ...messages(20, 21)], { lastSeq: 30 }))),
    ["gap", "day", 11, 12, "gap", "day", 20, 21, "gap"],
  );
});

test("before the first page there is one place for all of it, that says when it could not be fetched", () => {
  const waiting = { timeline: { ...emptyTimeline(), failed: null }, lastSeq: 9 };
  assert.deepEqual(kinds(buildRows(view([], waiting))), ["gap"]);
  assert.equal(
    buildRows(view([], { ...waiting, timeline: { ...emptyTimeline(), failed: [1, 99] } }))[0]
      .failed,
    true,
  );
  assert.deepEqual(buildRows(view([], { ...waiting, lastSeq: 0 })), []);
});

test("a window shows only its part, and no gap that lies elsewhere", () => {
  const rows = buildRows(view(messages(1, 100), { low: 40, high: 42, lastSeq: 120 }));
  assert.deepEqual(kinds(rows), [40, 41, 42]);
});

test("what is pending stands at the end, and keeps its key when it is confirmed", () => {
  const waiting = {
    clientId: "c9",
    roomId: "room001",
    content: "x",
    createdAt: at(9, 1),
    state: "pending",
  };
  const before = buildRows(
    view([message(1, { createdAt: at(9), userId: "alice" })], { pending: [waiting] }),
  );
  assert.deepEqual(kinds(before), ["day", 1, "c9"]);
  const confirmed = buildRows(
    view([
      message(1, { createdAt: at(9), userId: "alice" }),
      message(2, { createdAt: at(9, 1), userId: "alice", clientId: "c9" }),
    ]),
  );
  assert.equal(confirmed[2].key, before[2].key);
});

test("keys are unique, also with gaps, days and pending messages", () => {
  const rows = buildRows(
    view([...messages(3, 9), ...messages(20, 90)], {
      lastSeq: 95,
      pending: [{ clientId: "c", roomId: "r", content: "", createdAt: at(9), state: "failed" }],
    }),
  );
  assert.equal(new Set(rows.map((row) => row.key)).size, rows.length);
});

test("a reply quotes what is held, what was fetched, or says nothing", () => {
  const [first] = messages(1, 1);
  const reply = message(2, { replyTo: first.messageId });
  assert.deepEqual(buildRows(view([first, reply])).at(-1).quote, {
    messageId: first.messageId,
    author: "BOB",
    text: "message 1",
  });
  assert.equal(buildRows(view([reply])).at(-1).quote.text, null);
  assert.equal(
    buildRows(view([reply], { quoted: { [first.messageId]: first } })).at(-1).quote.text,
    "message 1",
  );
});

test("a read mark shows at the last message that was read, my own nowhere", () => {
  const rows = buildRows(view(messages(1, 3), { reads: { bob: 2, carol: 99, alice: 3 } })).filter(
    (row) => row.kind === "message",
  );
  assert.deepEqual(
    rows.map((row) => row.readers),
    [[], ["bob"], ["carol"]],
  );
});

test("only own messages can be deleted, unless one moderates", () => {
  const list = [message(1), message(2, { userId: "alice" })];
  const may = (more) =>
    buildRows(view(list, more))
      .filter((row) => row.kind === "message")
      .map((row) => row.mayDelete);
  assert.deepEqual(may({}), [false, true]);
  assert.deepEqual(may({ mayDeleteAny: true }), [true, true]);
});

test("my newest message says who has read it, wherever their mark is by now", () => {
  const list = [
    message(1, { userId: "alice" }),
    message(2, { userId: "alice" }),
    message(3, { userId: "bob" }),
  ];
  const seen = (more) =>
    buildRows(view(list, more))
      .filter((row) => row.kind === "message")
      .map((row) => row.seenBy);
  assert.deepEqual(seen({ reads: { bob: 3, carol: 1, alice: 3 } }), [[], ["bob"], []]);
  assert.deepEqual(seen({ reads: { bob: 2, carol: 2 } }), [[], ["bob", "carol"], []]);
  assert.deepEqual(seen({ reads: { bob: 3 }, high: 2 }), [[], []]);
});

test("an unchanged message is the same row, so that it is not compared or drawn again", () => {
  const list = messages(1, 5);
  const sent = (more, all = list) =>
    buildRows(view(all, more)).filter((row) => row.kind === "message");
  const before = sent({});
  const grown = sent({}, [...list, message(6)]);
  before.forEach((row, index) => assert.equal(grown[index], row));
  const read = sent({ reads: { carol: 5 } });
  assert.notEqual(read[4], before[4]);
  assert.equal(read[3], before[3]);
  assert.notEqual(sent({ nameOf: () => "Robert" })[0], before[0]);
});

test("with the same stamp a row is the same without being compared; marks and quotes are looked at", () => {
  const stamp = [];
  let names = 0;
  const nameOf = (userId) => {
    names += 1;
    return userId;
  };
  const all = messages(1, 4);
  all[2] = { ...all[2], replyTo: all[0].messageId };
  const build = (more = {}) =>
    buildRows(view(all, { stamp, nameOf, ...more })).filter(({ kind }) => kind === "message");
  const first = build();
  names = 0;
  const second = build();
  assert.ok(first.every((row, index) => row === second[index]));
  assert.ok(names <= 2, `${names} names for one quote`);
  const read = build({ reads: { bob: 0, carol: 2 } });
  assert.deepEqual(read[1].readers, ["carol"]);
  assert.deepEqual(build()[1].readers, []);
  assert.equal(build({ stamp: [], nameOf: () => "Bobby" })[0].author, "Bobby");
});
