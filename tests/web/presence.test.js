/** Whom the page names to the server, what it shows of them, and when it says that I am idle. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { presenceOf } from "../../assets/js/state/online.js";
import { placesOf } from "../../assets/js/state/places.js";
import { roomRows } from "../../assets/js/state/room-rows.js";
import { members } from "../../assets/js/state/select.js";
import { Store } from "../../assets/js/state/store.js";
import { Watching, watched } from "../../assets/js/state/watching.js";
import { after, room, ROOM, signedIn } from "./fixtures.js";

const REF = "presence";
const connected = { type: "connection", connection: { state: "online" } };
const participant = (userId) => ({ userId, name: userId, edited_name: "", role: "member" });

globalThis.document = Object.assign(new EventTarget(), { visibilityState: "hidden" });
const told = (more) => ({ type: "user_presence", online: [], away: [], offline: [], ...more });

function page() {
  const store = new Store();
  store.state = after(signedIn(), connected);
  const socket = Object.assign(new EventTarget(), {
    frames: [],
    open: true,
    send(frame) {
      if (this.open) this.frames.push(frame);
      return this.open;
    },
  });
  const hear = (frame) => socket.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  const life = new AbortController();
  const part = new Watching({ store, socket }, life.signal);
  const change = (action) => {
    if (action) store.dispatch(action);
    store.dispatchEvent(new CustomEvent("change"));
  };
  return { store, socket, hear, life, part, change };
}

test("what was told last of somebody counts, before the rooms they are in", () => {
  const state = after(
    signedIn(),
    connected,
    { type: "user_joined", room_id: ROOM, user_id: "bob" },
    told({ away: ["bob"], offline: ["alice"], ref: REF }),
  );
  assert.equal(presenceOf(state, "bob"), "away");
  assert.equal(presenceOf(state, "alice"), "offline");
  const back = after(state, told({ online: ["bob"] }));
  assert.equal(presenceOf(back, "bob"), "here");
  assert.equal(presenceOf(back, "alice"), "offline", "a change says nothing of the others");
  const named = after(back, told({ away: ["carol"], ref: REF }));
  assert.equal(presenceOf(named, "carol"), "away");
  assert.equal(presenceOf(named, "alice"), "here", "me, and nothing is told of me any more");
  assert.equal(presenceOf(named, "dora"), "offline");
});

test("lists show who is away apart", () => {
  const direct = room({ roomId: "room002", name: null });
  const state = after(
    signedIn(),
    connected,
    { type: "room_added", room: direct },
    told({ away: ["bob"], online: ["alice"], ref: REF }),
  );
  const inside = members(state, state.rooms.room002);
  const ids = (people) => people.map(({ userId }) => userId);
  assert.deepEqual(
    [ids(inside.here), ids(inside.away), ids(inside.offline)],
    [["alice"], ["bob"], []],
  );
  assert.equal(roomRows(state).find((row) => row.roomId === "room002").presence, "away");
  assert.equal(placesOf(state).find((place) => place.person === "bob").presence, "away");
  const found = placesOf(state, [{ userId: "dora", name: "Dora" }]);
  assert.equal(found.find((place) => place.person === "dora").presence, "offline");
});

test("the people that are shown are named, the nearest first and not too many", () => {
  const direct = (n) =>
    room({
      roomId: `room${100 + n}`,
      name: null,
      participants: [participant("alice"), participant(`user${n}`)],
    });
  const rooms = Array.from({ length: 600 }, (_, n) => direct(n));
  const state = after(
    signedIn(),
    { type: "rooms_loaded", rooms: [room(), ...rooms] },
    { type: "room_opened", room_id: ROOM },
    { type: "people_shown", people: ["dora"] },
  );
  const people = watched(state);
  assert.deepEqual(people.slice(0, 3), ["alice", "dora", "bob"]);
  assert.equal(people.length, 500);
  assert.equal(new Set(people).size, 500);
  const crowd = Array.from({ length: 400 }, (_, n) => participant(`member${n}`));
  const large = after(
    state,
    { type: "room_loaded", room: room({ participants: [participant("alice"), ...crowd] }) },
    { type: "room_joined", room_id: ROOM, online: ["member399"] },
  );
  const near = watched(large);
  assert.equal(near[2], "member399", "who is in a large room comes first");
  assert.equal(near.filter((login) => login.startsWith("member")).length, 299);
  assert.equal(near.length, 500);
  assert.deepEqual(watched(after(large, { type: "signed_out" })), []);
});

test("they are named after each connection and when they change, not with each message", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { socket, hear, life, part, change, store } = page();
  await part.start();
  assert.deepEqual(socket.frames, [{ type: "watch_presence", user_ids: ["alice"], ref: REF }]);
  change({ type: "room_opened", room_id: ROOM });
  change({ type: "people_shown", people: ["dora"] });
  assert.equal(socket.frames.length, 1, "soon, and together");
  t.mock.timers.tick(300);
  assert.deepEqual(socket.frames[1].user_ids, ["alice", "dora", "bob"]);
  store.state = { ...store.state, rooms: { ...store.state.rooms } };
  change();
  t.mock.timers.tick(300);
  assert.equal(socket.frames.length, 2, "they are the same people");
  // What was refused, or could not be sent, is sent again.
  hear({ error: "rate_limited", message: "", ref: REF });
  change();
  t.mock.timers.tick(300);
  assert.equal(socket.frames.length, 3);
  socket.open = false;
  change({ type: "people_shown", people: [] });
  t.mock.timers.tick(300);
  socket.open = true;
  change();
  t.mock.timers.tick(300);
  assert.deepEqual(socket.frames[3].user_ids, ["alice", "bob"]);
  await part.start();
  assert.equal(socket.frames.length, 5, "another connection knows nothing");
  life.abort();
  change({ type: "people_shown", people: ["carol"] });
  t.mock.timers.tick(300);
  assert.equal(socket.frames.length, 5);
});

test("I am idle when no tab was used for ten minutes, and back with the first key", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval", "Date"], now: 1_000_000 });
  const kept = new Map();
  const here = new EventTarget();
  globalThis.localStorage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
  };
  globalThis.addEventListener = here.addEventListener.bind(here);
  const { Idleness } = await import("../../assets/js/state/idleness.js");
  const sent = [];
  const socket = { open: true, send: (frame) => socket.open && sent.push(frame.idle) > 0 };
  const life = new AbortController();
  const part = new Idleness({ socket }, life.signal);
  await part.start();
  t.mock.timers.tick(9 * 60_000);
  assert.deepEqual(sent, []);
  // Another tab is used.
  kept.set("active", String(Date.now()));
  t.mock.timers.tick(9 * 60_000);
  assert.deepEqual(sent, []);
  t.mock.timers.tick(60_000);
  assert.deepEqual(sent, [true]);
  t.mock.timers.tick(60_000);
  assert.deepEqual(sent, [true], "once");
  here.dispatchEvent(new Event("keydown"));
  assert.deepEqual(sent, [true, false]);
  assert.equal(kept.get("active"), String(Date.now()), "for the other tabs");
  t.mock.timers.tick(10 * 60_000);
  assert.deepEqual(sent, [true, false, true]);
  kept.set("active", String(Date.now()));
  here.dispatchEvent(Object.assign(new Event("storage"), { key: "active" }));
  assert.deepEqual(sent, [true, false, true, false], "as soon as another tab is used");
  // A new connection counts as somebody who is there, until it is told.
  t.mock.timers.tick(10 * 60_000);
  await part.start();
  assert.deepEqual(sent, [true, false, true, false, true, true]);
  socket.open = false;
  here.dispatchEvent(new Event("pointermove"));
  socket.open = true;
  here.dispatchEvent(new Event("pointermove"));
  assert.deepEqual(sent.at(-1), false, "with the next sign, if it could not be sent");
  life.abort();
  t.mock.timers.tick(20 * 60_000);
  assert.equal(sent.at(-1), false);
});
