/** The beginning of a visit: what an earlier one has left, and what the server says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../assets/js/lib/errors.js";
import { kept } from "../../assets/js/state/kept.js";
import { Resumption } from "../../assets/js/state/resumption.js";
import { Store } from "../../assets/js/state/store.js";
import { messages, opened, page, room, ROOM, signedIn, after } from "./fixtures.js";

globalThis.document = { visibilityState: "hidden" };
const ALICE = { userId: "alice", name: "Alice" };
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A browser in which Alice has left something, and a server that answers when it is told to. */
function scene({ known = true } = {}) {
  const store = new Store();
  const done = /** @type {string[]} */ ([]);
  const asked = {};
  const ask = (name) => () =>
    new Promise((answer, refuse) => {
      asked[name] = { answer, refuse };
    });
  const left = after(signedIn({ lastSeq: 3 }), opened, page(messages(1, 3)));
  const keeper = {
    known,
    resume: () => done.push("renew"),
    belongsTo: (userId) => done.push(`belongs to ${userId}`),
  };
  const resumption = new Resumption({
    store,
    client: { me: ask("me"), rooms: ask("rooms") },
    live: { start: () => done.push("start"), stop: () => done.push("stop") },
    keeper,
    snapshot: { load: async () => kept(left), clear: async () => done.push("clear") },
    welcome: (me) => store.dispatch({ type: "signed_in", me, outbox: [] }),
    again: () => done.push("again"),
  });
  return { store, done, asked, keeper, resumption };
}

test("what an earlier visit has left is shown at once, and nothing is sent before the answer", async () => {
  const { store, done, asked, resumption } = scene();
  const resumed = resumption.resume();
  assert.equal(await resumption.restore(), true);
  assert.ok(store.state.kept && store.state.rooms[ROOM]);
  assert.deepEqual(done, []);
  asked.me.answer({ ...ALICE, name: "Alice B" });
  assert.equal(await resumed, true);
  assert.equal(store.state.me.name, "Alice B");
  assert.deepEqual(done, ["start", "renew"]);
});

test("when somebody else is signed in, nothing of it stays and the page opens anew", async () => {
  const { store, done, asked, resumption } = scene();
  const resumed = resumption.resume();
  await resumption.restore();
  asked.me.answer({ userId: "bob", name: "Bob" });
  await resumed;
  assert.equal(store.state.me, null);
  assert.deepEqual(store.state.rooms, {});
  assert.deepEqual(store.state.timelines, {});
  assert.deepEqual(done.slice(0, 4), ["stop", "belongs to bob", "clear", "again"]);
  assert.ok(!done.includes("start"));
});

test("an answer that comes first counts", async () => {
  const { store, done, asked, resumption } = scene();
  const resumed = resumption.resume();
  asked.me.answer(ALICE);
  await resumed;
  assert.equal(await resumption.restore(), false);
  assert.deepEqual([store.state.kept, store.state.rooms], [false, {}]);
  assert.deepEqual(done, ["start", "renew"]);
});

test("when the session is over, nothing is shown any more", async () => {
  const { store, asked, keeper, resumption } = scene();
  const resumed = resumption.resume();
  const restored = resumption.restore();
  // As the client does with an answer like this.
  keeper.known = false;
  asked.me.refuse(new ApiError(401, "unauthorized", "No session."));
  assert.deepEqual([await resumed, await restored], [false, false]);
  assert.equal(store.state.me, null);
});

test("nothing is looked for where nobody was signed in", async () => {
  const { store, asked, resumption } = scene({ known: false });
  resumption.resume();
  assert.equal(await resumption.restore(), false);
  assert.equal(store.state.me, null);
  assert.equal(asked.rooms, undefined);
});

test("without a server it goes on with what was left, and asks later who is signed in", async () => {
  const { store, done, asked, resumption } = scene();
  const resumed = resumption.resume().catch(() => "offline");
  await resumption.restore();
  asked.me.refuse(new ApiError(0, "offline", "The server cannot be reached."));
  assert.equal(await resumed, "offline");
  resumption.goOn();
  assert.deepEqual(done, ["start", "renew"]);
  store.dispatch({ type: "connection", connection: { state: "online" } });
  store.dispatchEvent(new CustomEvent("change"));
  asked.me.answer({ userId: "bob", name: "Bob" });
  await turn();
  assert.equal(store.state.me, null);
  assert.ok(done.includes("again"));
});
