/** What only I see: preferences, saved messages, messages marked as unread. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hasKeyword, mayCall, mentionsMe } from "../../assets/js/lib/attention.js";
import { after, live, room, ROOM, signedIn } from "./fixtures.js";

const marked = (seq, unread) => ({
  type: "read_marked",
  room_id: ROOM,
  user_id: "alice",
  last_read_seq: seq,
  unread_count: unread,
});

test("what is marked as unread stays so until the room is opened again", () => {
  const opened = { type: "room_opened", room_id: ROOM };
  const reading = { type: "reading", room_id: ROOM };
  const read = after(signedIn(), live(1), live(2), opened, reading, marked(2, 0));
  assert.equal(read.rooms[ROOM].unreadCount, 0);
  // By me here, or on another device, of which the frame tells.
  for (const action of [{ type: "unread_marked", room_id: ROOM }, marked(0, 2)]) {
    const held = after(read, action, marked(0, 2));
    assert.deepEqual([held.held, held.reading, held.rooms[ROOM].unreadCount], [ROOM, null, 2]);
    assert.equal(after(held, live(3)).rooms[ROOM].unreadCount, 3);
    assert.equal(after(held, live(3, { sender_id: "alice" })).held, null);
    const again = after(held, { type: "room_closed" }, opened);
    assert.deepEqual([again.held, again.visit.unread], [null, 2]);
  }
  assert.equal(after(read, live(3), marked(3, 0)).held, null, "marks that rise hold nothing");
});

test("saved messages are known once they were loaded", () => {
  const saved = (id, on = true) => ({
    type: on ? "message_saved" : "message_unsaved",
    room_id: ROOM,
    message_id: id,
  });
  assert.equal(after(signedIn(), saved("msg1")).saved, null);
  const loaded = after(signedIn(), { type: "saved_loaded", ids: ["msg1"] });
  assert.equal(after(loaded, saved("msg1")), loaded);
  assert.deepEqual([...after(loaded, saved("msg2")).saved], ["msg1", "msg2"]);
  assert.deepEqual([...after(loaded, saved("msg1", false)).saved], []);
});

test("keywords are whole words, and may stand anywhere in scripts without spaces", () => {
  for (const [text, word] of [
    ["the Release is out", "release"],
    ["(release)", "RELEASE"],
    ["on call now", "on call"],
    ["지금배포중", "배포"],
    ["明日出荷します", "出荷"],
    ["релиз!", "Релиз"],
    ["C++ 책", "c++"],
  ])
    assert.ok(hasKeyword(text, [word]), `${text}: ${word}`);
  for (const [text, word] of [
    ["released", "release"],
    ["релизы", "релиз"],
    ["nothing", "release"],
    ["", "a"],
  ])
    assert.ok(!hasKeyword(text, [word]), `${text}: ${word}`);
  assert.ok(!hasKeyword("anything", []));
});

test("who may do so mentions everybody; elsewhere it is plain text", () => {
  const large = room({ visibility: "public", userCount: 51, ownerId: "cyd" });
  const says = (text, where = room(), by = "bob") => mentionsMe(text, "alice", where, by);
  for (const text of ["@all", "@All, look", "@here!", "@all님", "@alice"])
    assert.ok(says(text), text);
  for (const text of ["all", "@allen", "x@all", "@everyone"]) assert.ok(!says(text), text);
  assert.ok(!says("@all", large) && says("@alice", large) && says("@all", large, "cyd"));
  assert.ok(mayCall({ ...large, userCount: 50 }, "bob"));
  const admin = large.participants.map((person) => ({ ...person, role: "admin" }));
  assert.ok(says("@all", { ...large, participants: admin }));
  const named = [
    ...large.participants,
    { userId: "all", name: "Al", edited_name: "", role: "member" },
  ];
  assert.ok(!says("@all", room({ participants: named })), "somebody has that name");
});
