/** What is kept for a start without a network, and the start with it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { kept, understood } from "../../assets/js/state/kept.js";
import { initialState } from "../../assets/js/state/reduce.js";
import { after, live, message, messages, opened, page, room, ROOM, signedIn } from "./fixtures.js";

const people = (count) =>
  Array.from({ length: count }, (_, index) => ({
    userId: `user${index}`,
    name: `User ${index}`,
    edited_name: "",
    role: "member",
  }));

test("rooms, their newest messages and the names of authors come back", () => {
  const before = after(
    signedIn({ userCount: 30, participants: people(30) }),
    opened,
    page(messages(1, 80), [1, 80]),
    { type: "person_loaded", person: { userId: "bob", name: "Bob" } },
    { type: "person_loaded", person: { userId: "zoe", name: "Zoe" } },
    live(81),
  );
  const found = understood(JSON.parse(JSON.stringify(kept(before))));
  assert.equal(found.rooms[0].participants.length, 10);
  assert.deepEqual(Object.keys(found.people), ["bob"]);
  const { me, ...rest } = found;
  const state = after(
    initialState(),
    { type: "signed_in", me, outbox: [] },
    { type: "restored", ...rest },
  );
  assert.ok(state.ready);
  assert.equal(state.rooms[ROOM].unreadCount, 1);
  assert.equal(state.rooms[ROOM].full, false);
  assert.equal(state.people.bob, "Bob");
  const { messages: held, loaded, reset } = state.timelines[ROOM];
  assert.deepEqual([held.length, held[0].seq, held.at(-1).seq], [50, 32, 81]);
  // Shown, but the next page takes its place.
  assert.ok(loaded && reset);
  const fresh = after(state, page([message(90)], [90, 90])).timelines[ROOM];
  assert.deepEqual([fresh.messages.length, fresh.reset], [1, false]);
});

test("messages of the rooms with the newest ones are kept, not of all", () => {
  const rooms = Array.from({ length: 30 }, (_, index) =>
    room({
      roomId: `room${100 + index}`,
      lastMessage: message(1, { createdAt: new Date(Date.UTC(2025, 6, 1 + index)).toISOString() }),
    }),
  );
  let state = after(signedIn(), { type: "rooms_loaded", rooms });
  for (const { roomId } of rooms)
    state = after(
      state,
      { type: "history_opened", room_id: roomId },
      { type: "page_loaded", room_id: roomId, messages: [message(1)], covered: null },
    );
  const found = kept(state);
  assert.equal(found.rooms.length, 30);
  assert.deepEqual(
    Object.keys(found.messages).sort(),
    rooms.slice(10).map(({ roomId }) => roomId),
  );
});

test("what another version of the page has left is ignored", () => {
  assert.equal(understood({ form: 0, me: {} }), null);
  assert.equal(understood(null), null);
});

/** Alice opens the page again, and is shown what she has left. */
function again(before, ...more) {
  const { me, ...rest } = JSON.parse(JSON.stringify(kept(before)));
  return after(
    initialState(),
    { type: "signed_in", me, outbox: [] },
    { type: "restored", ...rest },
    { type: "room_opened", room_id: ROOM },
    opened,
    ...more,
  );
}

/** Ten messages were read, and then Alice was away. */
const left = () =>
  after(signedIn({ lastSeq: 10, rev: 10 }), opened, page(messages(1, 10), [1, 10]));

test("what is unread in the open room is known when the server has told", () => {
  const shown = again(left());
  assert.ok(shown.kept && shown.visit.kept);
  // The end that is in view is that of an earlier visit.
  assert.equal(shown.timelines[ROOM].messages.length, 10);
  const rooms = [room({ lastSeq: 14, rev: 14, unreadCount: 4, mentionCount: 1 })];
  const listed = after(shown, { type: "rooms_loaded", rooms });
  assert.equal(listed.kept, false);
  assert.deepEqual(listed.visit, { roomId: ROOM, unread: 4, lastSeq: 14, kept: true });
  const ready = after(listed, page(messages(1, 14), [1, 14]));
  assert.deepEqual(ready.visit, { roomId: ROOM, unread: 4, lastSeq: 14, kept: false });
  assert.equal(ready.rooms[ROOM].unreadCount, 4);
});

test("the list of the server counts, even if it knows less than what was kept", () => {
  const gone = room({ roomId: "room002", lastSeq: 3, rev: 3 });
  const before = after(
    left(),
    { type: "rooms_loaded", rooms: [room({ lastSeq: 10, rev: 10 }), gone] },
    { type: "history_opened", room_id: "room002" },
    { type: "page_loaded", room_id: "room002", messages: messages(1, 3), covered: null },
  );
  const shown = again(before);
  assert.deepEqual(Object.keys(shown.timelines).sort(), [ROOM, "room002"]);
  // A server that was restored from a backup, or another one.
  const rooms = [room({ name: "Shore", lastSeq: 2, rev: 2, unreadCount: 2 })];
  const listed = after(shown, { type: "rooms_loaded", rooms });
  assert.deepEqual(Object.keys(listed.rooms), [ROOM]);
  assert.deepEqual(Object.keys(listed.timelines), [ROOM]);
  const { name, lastSeq, rev, unreadCount } = listed.rooms[ROOM];
  assert.deepEqual([name, lastSeq, rev, unreadCount], ["Shore", 2, 2, 2]);
  const other = [message(1, { content: "another past" }), message(2)];
  const { messages: held } = after(listed, page(other, [1, 2])).timelines[ROOM];
  assert.deepEqual(
    held.map(({ content }) => content),
    ["another past", "message 2"],
  );
});

test("a message that was deleted or changed meanwhile is not shown as it was", () => {
  const rooms = [room({ lastSeq: 10, rev: 12 })];
  const now = messages(1, 10).map((entry) => {
    if (entry.seq === 4) return { ...entry, rev: 11, content: undefined, deletedAt: "2025-07-16" };
    return entry.seq === 5 ? { ...entry, rev: 12, content: "changed" } : entry;
  });
  const shown = again(left(), { type: "rooms_loaded", rooms }, page(now, [1, 10]));
  const { messages: held, reset } = shown.timelines[ROOM];
  assert.equal(reset, false);
  assert.deepEqual([held.length, held[3].content, held[4].content], [10, undefined, "changed"]);
});

test("the socket may tell of the rooms before the list does", () => {
  const entry = { room_id: ROOM, rev: 3, last_seq: 3, unread_count: 1, mention_count: 0 };
  const told = again(left(), { type: "subscribed", rooms: [entry] });
  assert.equal(told.kept, false);
  assert.equal(told.rooms[ROOM].lastSeq, 3);
  assert.equal(told.visit.unread, 1);
  const live4 = after(told, live(4));
  assert.equal(live4.rooms[ROOM].unreadCount, 2);
  // An older answer does not take back what the socket has told since.
  const rooms = [room({ lastSeq: 3, rev: 3, unreadCount: 1 })];
  assert.equal(after(live4, { type: "rooms_loaded", rooms }).rooms[ROOM].unreadCount, 2);
});
