import assert from "node:assert/strict";
import { test } from "node:test";
import { newClientId, Outbox } from "../../assets/js/state/outbox.js";

/** A Storage of the browser, as far as it is used. */
function storage() {
  const held = new Map();
  return {
    get length() {
      return held.size;
    },
    key: (index) => [...held.keys()][index] ?? null,
    getItem: (key) => held.get(key) ?? null,
    setItem: (key, value) => held.set(key, value),
    removeItem: (key) => held.delete(key),
  };
}

const pending = (clientId, createdAt) => ({
  clientId,
  roomId: "room001",
  content: "hello",
  createdAt,
  state: "pending",
});

test("what was written is there after a reload, in its order", () => {
  const store = storage();
  const before = new Outbox("alice", store);
  before.keep(pending("c2", "2025-07-15T13:00:02Z"));
  before.keep(pending("c1", "2025-07-15T13:00:01Z"));
  assert.deepEqual(
    new Outbox("alice", store).load().map(({ clientId }) => clientId),
    ["c1", "c2"],
  );
});

test("another user of the same browser gets none of it", () => {
  const store = storage();
  new Outbox("alice", store).keep(pending("c1", "2025-07-15T13:00:01Z"));
  assert.deepEqual(new Outbox("bob", store).load(), []);
});

test("what is settled is gone; what is broken is passed over", () => {
  const store = storage();
  const outbox = new Outbox("alice", store);
  outbox.keep(pending("c1", "2025-07-15T13:00:01Z"));
  store.setItem("outbox:alice:c2", "{");
  outbox.drop("c1");
  assert.deepEqual(outbox.load(), []);
  assert.equal(outbox.settledElsewhere({ key: "outbox:alice:c7", newValue: null }), "c7");
  assert.equal(outbox.settledElsewhere({ key: "outbox:bob:c7", newValue: null }), null);
});

test("a full storage loses nothing that the page holds", () => {
  const full = {
    ...storage(),
    setItem: () => {
      throw new Error("full");
    },
  };
  assert.doesNotThrow(() => new Outbox("alice", full).keep(pending("c1", "")));
});

test("client ids are printable, short enough and differ", () => {
  const ids = new Set(Array.from({ length: 1000 }, newClientId));
  assert.equal(ids.size, 1000);
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
});
