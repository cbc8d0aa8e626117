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
