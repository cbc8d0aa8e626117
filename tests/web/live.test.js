/** Marks of what was read, over a connection that answers late. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Live } from "../../assets/js/state/live.js";
import { Store } from "../../assets/js/state/store.js";
import { live as posted, message, messages, opened, page, room, ROOM } from "./fixtures.js";

globalThis.document = { visibilityState: "hidden" };
const SECOND_MS = 1000;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Three messages of Bob in view, and a server that does nothing by itself. */
function scene() {
  const store = new Store();
  const socket = Object.assign(new EventTarget(), {
    sent: [],
    send: (frame) => socket.sent.push(frame) > 0,
    tell: (type, detail) => socket.dispatchEvent(new CustomEvent(type, { detail })),
  });
  const asked = [];
  const client = {
    markUnread: (...what) => new Promise((done, refuse) => asked.push({ what, done, refuse })),
  };
  const live = new Live({ store, socket, client, sender: { refused: () => {} } });
  for (const action of [
    { type: "signed_in", me: { userId: "alice", name: "Alice" }, outbox: [] },
    { type: "rooms_loaded", rooms: [room({ lastSeq: 3, rev: 3, unreadCount: 3 })] },
    { type: "room_opened", room_id: ROOM },
    opened,
    page(messages(1, 3)),
  ])
    store.dispatch(action);
  socket.tell("state", { state: "online" });
  const marks = () => socket.sent.filter(({ type }) => type === "mark_read");
  const answer = (ref, seq) =>
    socket.tell("frame", {
      type: "read_marked",
      room_id: ROOM,
      user_id: "alice",
      unread_count: 0,
      last_read_seq: seq,
      ref,
    });
  return { store, socket, live, asked, marks, answer };
}

test("what is marked as unread waits for the marks under way and is not read again", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { store, socket, live, asked, marks, answer } = scene();
  live.reading(ROOM);
  const [{ ref, message_id: newest }] = marks();
  assert.equal(newest, message(3).messageId);
  const done = live.unread(ROOM, message(2).messageId);
  await turn();
  assert.equal(asked.length, 0, "the mark is not answered yet");
  assert.equal(store.state.held, ROOM);

  // It is still in view, and so is what comes now.
  socket.tell("frame", posted(4));
  live.reading(ROOM);
  t.mock.timers.tick(SECOND_MS);
  assert.equal(marks().length, 1);

  answer("another", 3);
  await turn();
  assert.equal(asked.length, 0);
  answer(ref, 3);
  await turn();
  assert.deepEqual(asked[0].what, [ROOM, message(2).messageId]);
  live.reading(ROOM);
  asked[0].done();
  await done;
  live.reading(ROOM);
  assert.equal(marks().length, 1);
});

test("a lost connection holds nothing up, and what was refused is read again", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { store, socket, live, asked, marks } = scene();
  live.reading(ROOM);
  assert.equal(marks().length, 1);
  const done = live.unread(ROOM, message(2).messageId);
  socket.tell("state", { state: "offline" });
  await turn();
  assert.equal(asked.length, 1);
  asked[0].refuse(new Error("gone"));
  await assert.rejects(done, /gone/);
  assert.equal(store.state.held, null);
  socket.tell("state", { state: "online" });
  socket.tell("frame", posted(4));
  t.mock.timers.tick(SECOND_MS);
  live.reading(ROOM);
  assert.equal(marks().at(-1).message_id, message(4).messageId);
});

test("what was read within a second of the last mark is marked when the room or the page is left", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.window = new EventTarget();
  t.after(() => delete globalThis.window);
  const { socket, live, marks } = scene();
  live.reading(ROOM);
  socket.tell("frame", posted(4));
  live.reading(ROOM);
  assert.equal(marks().length, 1);
  live.reading(null);
  assert.equal(marks().at(-1).message_id, message(4).messageId);
  live.reading(null);
  assert.equal(marks().length, 2);

  live.reading(ROOM);
  socket.tell("frame", posted(5));
  live.reading(ROOM);
  assert.equal(marks().length, 2);
  globalThis.window.dispatchEvent(new Event("pagehide"));
  assert.equal(marks().at(-1).message_id, message(5).messageId);
});
