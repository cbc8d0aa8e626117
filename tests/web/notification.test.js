/** What is told and counted while one looks elsewhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { notificationOf } from "../../assets/js/state/notification.js";
import { roomRows } from "../../assets/js/state/room-rows.js";
import { totalUnread } from "../../assets/js/state/select.js";
import { after, live, ROOM, signedIn } from "./fixtures.js";

test("a message of somebody else is told to who looks elsewhere, with room and author", () => {
  assert.deepEqual(notificationOf(signedIn(), live(1, { content: "come\n  here" }), true), {
    roomId: ROOM,
    messageId: "msg1000000001",
    title: "Harbour",
    author: "Bob",
    text: "come here",
  });
  assert.equal(notificationOf(signedIn({ name: null }), live(1), true).title, "Bob");
});

test("nothing is told of my own messages, to who is looking, of unknown rooms, of anything else", () => {
  assert.equal(notificationOf(signedIn(), live(1, { sender_id: "alice" }), true), null);
  assert.equal(notificationOf(signedIn(), live(1), false), null);
  assert.equal(notificationOf(signedIn(), live(1, { room_id: "room009" }), true), null);
  assert.equal(
    notificationOf(signedIn(), { type: "message_edited", room_id: ROOM, sender_id: "bob" }, true),
    null,
  );
});

test("a muted room neither tells nor counts, and says so in the list", () => {
  const state = after(signedIn(), live(1, { content: "@alice" }), {
    type: "room_settings",
    room_id: ROOM,
    notify: "nothing",
    favourite: false,
    muted: true,
  });
  assert.equal(notificationOf(state, live(2), true), null);
  assert.equal(totalUnread(state), 0);
  const [row] = roomRows(state);
  assert.deepEqual([row.unread, row.mentions, row.muted], [1, 1, true]);
  const own = { roomId: ROOM, favourite: false, muted: false };
  const again = after(state, { type: "room_own", own });
  assert.equal(totalUnread(again), 1);
});

const preferences = (more) => ({
  type: "preferences_loaded",
  preferences: { notify: "mentions", keywords: ["배포", "release"], ...more },
});

test("where only mentions notify, mentions and keywords are told and counted", () => {
  const state = after(signedIn(), preferences(), live(1), live(2, { content: "@alice hi" }));
  const tells = (content) => notificationOf(state, live(3, { content }), true) !== null;
  for (const said of ["@alice", "@alice님 안녕", "Release!", "지금 배포합니다"])
    assert.ok(tells(said), said);
  for (const said of ["hello", "@alice2", "released", "mail@alice"]) assert.ok(!tells(said), said);
  assert.equal(totalUnread(state), 1);
  const [row] = roomRows(state);
  assert.deepEqual([row.unread, row.mentions, row.muted, row.quiet], [2, 1, false, true]);
  // In a conversation of two everything is meant for me.
  const direct = after(signedIn({ name: null }), preferences(), live(1));
  assert.ok(notificationOf(direct, live(2), true));
  assert.equal(totalUnread(direct), 1);
  const own = { roomId: ROOM, notify: "all", favourite: false, muted: false };
  assert.equal(totalUnread(after(state, { type: "room_own", own })), 2, "a room's own level wins");
});

test("in the hours without notifications nothing is told, but all is counted", () => {
  const quiet = { from: "22:00", to: "07:00", zone: "Asia/Seoul" };
  const state = after(signedIn(), preferences({ notify: "all", quiet }), live(1));
  const told = (at) => notificationOf(state, live(2), true, new Date(at)) !== null;
  assert.ok(!told("2025-07-15T13:00:00Z"), "22:00 in Seoul");
  assert.ok(!told("2025-07-15T21:59:00Z"), "06:59 in Seoul");
  assert.ok(told("2025-07-15T22:00:00Z"), "07:00 in Seoul");
  assert.ok(told("2025-07-15T12:59:00Z"), "21:59 in Seoul");
  assert.equal(totalUnread(state), 1);
  const day = { from: "09:00", to: "10:00", zone: "UTC" };
  const other = after(state, { type: "my_settings", notify: "all", keywords: [], quiet: day });
  const quietAt = (at) => notificationOf(other, live(2), true, new Date(at)) === null;
  assert.ok(quietAt("2025-07-15T09:30:00Z") && !quietAt("2025-07-15T10:00:00Z"));
});
