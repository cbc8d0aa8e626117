/** Rooms that are archived or read-only, pinned messages, who is online, what a room's files are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mayConfigure, mayManage, mayWrite } from "../../assets/js/lib/permissions.js";
import { actionsOf, textOf } from "../../assets/js/elements/message-actions.js";
import { divided } from "../../assets/js/state/archived.js";
import { findsOf } from "../../assets/js/state/finds.js";
import { presenceOf } from "../../assets/js/state/online.js";
import { roomRows } from "../../assets/js/state/room-rows.js";
import { buildRows } from "../../assets/js/state/rows.js";
import { members } from "../../assets/js/state/select.js";
import { emptyTimeline, gaps, mergePage } from "../../assets/js/state/timeline.js";
import { after, live, message, messages, opened, page, room, ROOM, signedIn } from "./fixtures.js";

const me = { userId: "alice", name: "Alice" };
const OTHER = "room002";
const held = (state) => state.rooms[ROOM];
const connected = { type: "connection", connection: { state: "online" } };
const ids = (rows) => rows.map((row) => row.roomId);

/** A room in which Alice has a role, and Bob another. */
const as = (mine, bobs, more = {}) =>
  room({
    participants: [
      { userId: "alice", name: "Alice", edited_name: "", role: mine },
      { userId: "bob", name: "Bob", edited_name: "", role: bobs },
    ],
    ...more,
  });

test("who may write, manage and configure, in open, read-only and archived rooms", () => {
  const can = (where, who = me) => [
    mayWrite(where, who),
    mayManage(where, who),
    mayConfigure(where, who),
  ];
  assert.deepEqual(can(as("member", "admin")), [true, false, false]);
  assert.deepEqual(can(as("member", "admin", { readOnly: true })), [false, false, false]);
  assert.deepEqual(can(as("sub-admin", "admin", { readOnly: true })), [true, true, false]);
  assert.deepEqual(can(as("admin", "member", { readOnly: true })), [true, true, true]);
  assert.deepEqual(can(as("admin", "member", { archived: true })), [false, false, true]);
  // Without an admin all manage it, except guests.
  assert.deepEqual(can(as("member", "member", { readOnly: true })), [true, true, true]);
  assert.deepEqual(can(as("member", "member", { readOnly: true }), { ...me, guest: true }), [
    false,
    false,
    false,
  ]);
});

test("settings come with answers; frames only tell that there is something to fetch", () => {
  const settings = { topic: "Friday", description: "All", readOnly: true, archived: true };
  const one = after(signedIn(), { type: "room_loaded", room: room(settings) });
  assert.equal(held(one).topic, "Friday");
  assert.equal(held(one).stale, false);
  const frame = { type: "room_updated", room_id: ROOM, rev: 3, owner_id: "alice" };
  const told = after(one, { ...frame, name: "Harbour", visibility: "public" });
  assert.equal(held(told).topic, "Friday", "kept until it is fetched");
  assert.equal(held(told).stale, true);
  for (const type of ["room_loaded", "rooms_loaded"]) {
    const fresh = room({ rev: 3 });
    const now = after(told, { type, room: fresh, rooms: [fresh] });
    assert.equal(held(now).topic, undefined, type);
    assert.equal(held(now).archived, undefined, type);
    assert.equal(held(now).stale, false, type);
  }
  const added = after(signedIn(), { type: "room_added", room: room({ roomId: OTHER }) });
  assert.equal(added.rooms[OTHER].stale, true, "frames have no settings");
});

test("what has expired is let go, is not unread, and is not asked for again", () => {
  const loaded = { type: "room_loaded", room: room({ lastSeq: 10, unreadCount: 9, rev: 3 }) };
  const state = after(
    signedIn(),
    { type: "rooms_loaded", rooms: [loaded.room] },
    opened,
    page(messages(3, 10)),
  );
  const frame = { type: "room_updated", room_id: ROOM, rev: 4, owner_id: "alice", name: "Harbour" };
  const told = after(state, { ...frame, visibility: "public", expired_seq: 7 });
  const timeline = told.timelines[ROOM];
  assert.deepEqual(
    timeline.messages.map(({ seq }) => seq),
    [8, 9, 10],
  );
  assert.deepEqual(gaps(timeline, 10), []);
  assert.equal(held(told).unreadCount, 3);
  assert.equal(held(told).expiredSeq, 7);
  assert.equal(after(told, { ...frame, rev: 5, expired_seq: 7 }).timelines[ROOM], timeline);
  // An answer tells it to those who were not connected.
  const fresh = after(state, {
    type: "room_loaded",
    room: room({ lastSeq: 10, rev: 5, expiredSeq: 10 }),
  });
  assert.deepEqual(fresh.timelines[ROOM].messages, []);
  assert.equal(held(fresh).unreadCount, 0);
  // A pinned message that is kept comes back where it is.
  const pinned = mergePage(timeline, [message(2)], null);
  assert.deepEqual(gaps(pinned, 10), []);
});

test("a pinned message is marked, follows its edits, and is gone when it is deleted", () => {
  const pin = { message: message(1), userId: "bob", pinnedAt: "2025-07-15T13:10:00Z" };
  const state = after(signedIn(), opened, page(messages(1, 2)), {
    type: "pins_loaded",
    room_id: ROOM,
    pins: [pin],
  });
  const change = { room_id: ROOM, seq: 1, rev: 9 };
  const edited = after(state, {
    type: "message_edited",
    ...change,
    content: "better",
    edited_at: "2025-07-15T13:20:00Z",
  });
  assert.equal(edited.pins[ROOM][0].message.content, "better");
  const away = after(state, { type: "message_deleted", ...change, timestamp: pin.pinnedAt });
  assert.deepEqual(away.pins[ROOM], []);
  assert.equal(after(state, live(3)).pins, state.pins, "nothing else touches them");

  const rows = (pinnedBy, list = messages(1, 2)) =>
    buildRows({
      timeline: mergePage(emptyTimeline(), list, null),
      lastSeq: 2,
      low: 0,
      high: Infinity,
      pending: [],
      me: "alice",
      unreadSeq: undefined,
      unreadCount: 0,
      mayDeleteAny: false,
      mayWrite: true,
      mayReact: true,
      pinnedBy,
      reads: {},
      quoted: {},
      nameOf: (id) => id,
      pictureOf: () => undefined,
    }).filter((row) => row.kind === "message");
  const byBob = (id) => (id === message(1).messageId ? "Bob" : undefined);
  assert.deepEqual(
    rows(byBob).map((row) => row.pinnedBy),
    ["Bob", undefined],
  );
  const deleted = [message(1, { deletedAt: pin.pinnedAt })];
  assert.equal(rows(byBob, deleted)[0].pinnedBy, undefined);
});

test("archived rooms are left out of the list, except the open one and those with news", () => {
  const list = (more) =>
    after(signedIn({ archived: true, ...more }), {
      type: "room_added",
      room: room({ roomId: OTHER, name: "Other" }),
    });
  const state = list({});
  const parts = divided(roomRows(state));
  assert.deepEqual([ids(parts.rows), ids(parts.archived)], [[OTHER], [ROOM]]);
  assert.equal(divided(roomRows(state)), parts, "the same while nothing changes");
  assert.deepEqual(ids(divided(roomRows(list({ unreadCount: 2 }))).archived), []);
  const open = after(state, { type: "room_opened", room_id: ROOM });
  assert.deepEqual(ids(divided(roomRows(open)).archived), []);
});

test("somebody who was not named is online in any of my rooms; without a connection nobody knows", () => {
  const direct = room({ roomId: OTHER, name: null });
  const unknown = after(signedIn(), connected, { type: "room_added", room: direct });
  assert.equal(presenceOf(unknown, "bob"), undefined);
  const none = { type: "user_presence", online: [], away: [], offline: [], ref: "presence" };
  const state = after(unknown, none);
  assert.equal(presenceOf(state, "bob"), "offline");
  assert.equal(presenceOf(state, "alice"), "here");
  // In a room that Alice has not entered.
  const came = after(state, { type: "user_joined", room_id: ROOM, user_id: "bob" });
  assert.equal(presenceOf(came, "bob"), "here");
  const dot = (from) => roomRows(from).find((row) => row.roomId === OTHER).presence;
  assert.deepEqual([dot(state), dot(came)], ["offline", "here"]);
  assert.deepEqual(
    members(came, came.rooms[OTHER]).here.map(({ userId }) => userId),
    ["alice", "bob"],
  );
  const left = after(came, { type: "room_left", room_id: ROOM });
  assert.equal(presenceOf(left, "bob"), "here", "that I left says nothing of Bob");
  const gone = after(came, { type: "user_left", room_id: ROOM, user_id: "bob" });
  assert.equal(presenceOf(gone, "bob"), "offline");
  const cut = after(came, { type: "connection", connection: { state: "offline" } });
  assert.equal(presenceOf(cut, "bob"), undefined);
  assert.equal(dot(cut), undefined);
  assert.equal(members(cut, cut.rooms[OTHER]).known, false);
});

test("the files and links of a message, each once; a deleted one has none", () => {
  const file = { id: 1, name: "abc", type: "pdf", isImage: false, size: 9, createdAt: "" };
  const said = "see https://example.org/a, (https://example.org/a) and http://b.example.";
  const found = findsOf(message(1, { content: said, media: [file] }));
  assert.deepEqual(
    found.map(({ media, link }) => media?.name ?? link),
    ["abc", "https://example.org/a", "http://b.example/"],
  );
  assert.deepEqual(findsOf(message(2, { content: "nothing" })), []);
  assert.deepEqual(findsOf(message(3, { content: said, deletedAt: "2025-07-15T13:00:00Z" })), []);
});

test("a menu offers what I may do with the message, and what cannot be undone last", () => {
  const may = { mayWrite: true, mayReact: true, mayDelete: false };
  const row = { ...may, mine: false, content: "hi", media: [] };
  const types = (more) => actionsOf({ ...row, ...more }).map(({ type }) => type.slice(8));
  assert.deepEqual(types({}), [
    "reply",
    "thread",
    "copy",
    "link",
    "pin",
    "keep",
    "unread",
    "readers",
  ]);
  assert.deepEqual(types({ mine: true, mayDelete: true, pinnedBy: "" }), [
    "reply",
    "edit",
    "thread",
    "copy",
    "link",
    "unpin",
    "keep",
    "unread",
    "readers",
    "delete",
  ]);
  // In an archived or read-only room.
  assert.deepEqual(types({ mine: true, mayDelete: true, mayWrite: false }), [
    "thread",
    "copy",
    "link",
    "keep",
    "unread",
    "readers",
    "delete",
  ]);
  const media = [{ fileName: "a.txt", name: "x", type: "txt" }];
  assert.equal(textOf({ content: "a.txt", media }), "", "the names of files are no text");
  assert.deepEqual(types({ content: "a.txt", media }), [
    "reply",
    "thread",
    "link",
    "pin",
    "keep",
    "unread",
    "readers",
  ]);
});
