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
    type: "room_muted",
    room_id: ROOM,
    muted: true,
  });
  assert.equal(notificationOf(state, live(2), true), null);
  assert.equal(totalUnread(state), 0);
  const [row] = roomRows(state);
  assert.deepEqual([row.unread, row.mentions, row.muted], [1, 1, true]);
  const again = after(state, { type: "room_muted", room_id: ROOM, muted: false });
  assert.equal(totalUnread(again), 1);
});
