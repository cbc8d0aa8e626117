/** Drafts on several devices: what wins, what is sent, and that nothing sent comes back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Drafts } from "../../assets/js/state/drafts.js";
import { decide, DraftSync } from "../../assets/js/state/draft-sync.js";
import { Store } from "../../assets/js/state/store.js";
import { room, ROOM } from "./fixtures.js";

globalThis.document = Object.assign(new EventTarget(), { visibilityState: "visible" });
globalThis.requestAnimationFrame = () => 0;

function storage(refuses = () => false) {
  const held = new Map();
  return {
    get length() {
      return held.size;
    },
    key: (index) => [...held.keys()][index] ?? null,
    getItem: (key) => held.get(key) ?? null,
    setItem: (key, value) => {
      if (refuses(key)) throw new Error("full");
      held.set(key, value);
    },
    removeItem: (key) => void held.delete(key),
  };
}

const PLACE = `${ROOM}/msg1000000003`;
const time = (at) => new Date(at).toISOString();

/** A page of Alice’s with its socket; `list` is what the server has. */
async function page(kept, list = [], epoch = "e1") {
  const store = new Store();
  const drafts = new Drafts("alice", kept);
  store.dispatch({
    type: "signed_in",
    me: { userId: "alice", name: "Alice" },
    outbox: [],
    drafts: drafts.load(),
  });
  store.dispatch({ type: "rooms_loaded", rooms: [room()] });
  store.dispatch({ type: "connection_established", epoch, heartbeat_s: 30 });
  const socket = Object.assign(new EventTarget(), {
    frames: [],
    connected: true,
    send(frame) {
      if (this.connected) this.frames.push(frame);
      return this.connected;
    },
  });
  const hear = (frame) => socket.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  const life = new AbortController();
  const client = { drafts: async () => list };
  const history = { quote: async () => undefined };
  const sync = new DraftSync({ store, socket, client, history, drafts }, life.signal);
  const write = (text, place = ROOM, replyTo = undefined) => {
    const changed = drafts.keep(place, text, replyTo);
    store.dispatch({ type: "draft_changed", room_id: place, text });
    if (changed) sync.changed(place);
  };
  const saved = (content, at, more = {}) =>
    hear({ type: "draft_saved", room_id: ROOM, content, saved_at: time(at), ...more });
  const confirm = (content, at, place = ROOM) => saved(content, at, { ref: `draft ${place}` });
  await sync.start();
  const contents = () => socket.frames.map((frame) => frame.content);
  const close = () => life.abort();
  return { store, drafts, socket, sync, hear, write, saved, confirm, contents, close };
}

test("what is written is sent once in a while, and at once when the page is hidden", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const here = await page(storage());
  for (const text of ["h", "he", "hel"]) here.write(text);
  assert.deepEqual(here.contents(), []);
  t.mock.timers.tick(2000);
  assert.deepEqual(here.socket.frames, [
    { type: "save_draft", room_id: ROOM, content: "hel", ref: `draft ${ROOM}` },
  ]);
  here.write("hell");
  t.mock.timers.tick(2000);
  assert.deepEqual(here.contents(), ["hel"], "the answer to the last one comes first");
  here.confirm("hel", 1000);
  t.mock.timers.tick(2000);
  assert.deepEqual(here.contents(), ["hel", "hell"]);
  here.confirm("hell", 2000);
  here.write("in the thread", PLACE, "msg1000000004");
  here.sync.flush();
  const { ref: _, ...thread } = here.socket.frames.at(-1);
  assert.deepEqual(thread, {
    type: "save_draft",
    room_id: ROOM,
    thread: "msg1000000003",
    content: "in the thread",
    reply_to: "msg1000000004",
  });
  here.close();
});

test("a message that is sent before its draft was saved needs no frame", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const here = await page(storage());
  here.write("quick");
  here.write("");
  t.mock.timers.tick(60_000);
  assert.deepEqual(here.contents(), []);
  here.close();
});

test("the removal goes out at once, and again until it is confirmed", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const kept = storage();
  const here = await page(kept);
  here.write("hello");
  here.sync.flush();
  here.write("");
  assert.deepEqual(here.contents(), ["hello", ""], "without waiting for the answer");
  here.close();
  // The connection is lost: the server has kept the text, and may or may not have removed it.
  const text = { roomId: ROOM, content: "hello", savedAt: time(5000) };
  const again = await page(kept, [text]);
  assert.equal(again.store.state.drafts[ROOM], undefined);
  assert.deepEqual(again.contents(), [""], "what was sent does not come back");
  again.confirm("", 6000);
  again.close();
  const later = await page(kept, []);
  assert.deepEqual([later.contents(), later.drafts.places()], [[], []]);
  later.close();
});

test("what other devices write is shown, unless something is written here", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const here = await page(storage());
  here.saved("from the phone", 1000);
  assert.equal(here.store.state.drafts[ROOM], "from the phone");
  here.saved("", 2000);
  assert.equal(here.store.state.drafts[ROOM], "");
  here.write("typed here");
  here.saved("typed there", 3000);
  assert.equal(here.store.state.drafts[ROOM], "typed here");
  t.mock.timers.tick(2000);
  assert.deepEqual(here.contents(), ["typed here"], "the last one wins");
  // Meanwhile the other device has written once more; the order is that of the server.
  here.saved("typed there, later", 5000);
  assert.equal(here.store.state.drafts[ROOM], "typed here");
  here.confirm("typed here", 4000);
  assert.equal(here.store.state.drafts[ROOM], "typed there, later");
  here.close();
});

test("frames of this page’s own saves that are late change nothing", async () => {
  const here = await page(storage());
  here.write("one");
  here.sync.flush();
  here.write("");
  here.confirm("one", 1000);
  here.confirm("", 2000);
  here.saved("one", 1000);
  assert.equal(here.store.state.drafts[ROOM], "");
  here.saved("", 2000);
  assert.deepEqual([here.store.state.drafts[ROOM], here.contents()], ["", ["one", ""]]);
  here.close();
});

test("after an interruption both sides are brought together", async () => {
  const kept = storage();
  const first = await page(kept);
  first.write("saved");
  first.sync.flush();
  first.confirm("saved", 1000);
  first.close();
  // Sent from another device meanwhile.
  const gone = await page(kept, []);
  assert.deepEqual([gone.store.state.drafts[ROOM], gone.contents()], ["", []]);
  gone.socket.connected = false;
  gone.write("written offline");
  gone.sync.flush();
  gone.socket.connected = true;
  await gone.sync.start();
  assert.deepEqual(gone.contents(), ["written offline"]);
  gone.confirm("written offline", 2000);
  gone.close();
  const phone = await page(storage(), [
    { roomId: ROOM, content: "written offline", savedAt: time(2000) },
    { roomId: ROOM, thread: "msg1000000003", content: "and this", savedAt: time(2500) },
  ]);
  assert.equal(phone.store.state.drafts[ROOM], "written offline");
  assert.equal(phone.store.state.drafts[PLACE], "and this");
  phone.close();
  // A backup was restored: what the server has lost comes from here.
  const restored = await page(kept, [], "e2");
  assert.deepEqual(restored.contents(), ["written offline"]);
  restored.close();
});

test("what the server refuses stays here", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const kept = storage();
  const here = await page(kept);
  here.write("mine");
  here.sync.flush();
  here.hear({ error: "room_not_found", message: "", ref: `draft ${ROOM}` });
  t.mock.timers.tick(60_000);
  assert.deepEqual(here.contents(), ["mine"]);
  here.write("x".repeat(8001));
  here.sync.flush();
  assert.deepEqual(here.contents(), ["mine"], "too long to be kept there");
  here.write("again");
  here.sync.flush();
  here.hear({ error: "room_error", message: "", ref: `draft ${ROOM}` });
  t.mock.timers.tick(15_000);
  assert.deepEqual(here.contents(), ["mine", "again", "again"]);
  here.close();
  const next = await page(kept, []);
  assert.equal(next.store.state.drafts[ROOM], "again");
  next.close();
});

test("drafts of before are sent, and a full storage loses nothing that the page holds", async () => {
  const old = storage();
  old.setItem(`draft:alice:${ROOM}`, "from an older version");
  const here = await page(old, []);
  assert.deepEqual(here.contents(), ["from an older version"]);
  here.close();
  const full = await page(storage((key) => key.startsWith("draft")));
  full.write("nowhere to go");
  full.sync.flush();
  full.confirm("nowhere to go", 1000);
  full.write("");
  assert.deepEqual(full.contents(), ["nowhere to go", ""]);
  full.close();
});

test("of two versions, the one that was written last wins", () => {
  const own = (more) => ({ at: 5, dirty: true, text: "mine", typed: 7, ...more });
  const theirs = (at, content = "theirs") => ({ at, content });
  for (const [mine, its, wanted] of [
    [own({ dirty: false }), theirs(5), "stay"],
    [own({ dirty: false }), theirs(6), "take"],
    [own({ dirty: false }), undefined, "take"],
    [own({ dirty: false, at: 0 }), undefined, "stay"],
    [own(), undefined, "send"],
    [own(), theirs(5), "send"],
    [own(), theirs(6), "send"],
    [own(), theirs(8), "take"],
    [own({ text: "" }), theirs(8), "take"],
    [own({ text: "", sent: "theirs" }), theirs(8), "send"],
    [own({ text: "" }), undefined, "take"],
  ])
    assert.equal(decide(mine, its), wanted, JSON.stringify([mine, its]));
  assert.equal(decide(own(), theirs(8), true), "send", "what is written in this page stays");
});
