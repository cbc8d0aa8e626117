import assert from "node:assert/strict";
import { test } from "node:test";

/** What the modules of the page expect around them. */
function page() {
  const held = new Map();
  globalThis.localStorage = {
    get length() {
      return held.size;
    },
    key: (index) => [...held.keys()][index] ?? null,
    getItem: (key) => held.get(key) ?? null,
    setItem: (key, value) => void held.set(key, value),
    removeItem: (key) => void held.delete(key),
  };
  globalThis.document = { visibilityState: "hidden" };
  globalThis.addEventListener = () => {};
}

const modules = (...names) =>
  Promise.all(names.map((name) => import(`../../assets/js/state/${name}.js`)));

test("what is confirmed while the socket subscribes again is not taken for what another tab left", async () => {
  page();
  const [{ Sender }, { Store }] = await modules("sender", "store");
  const store = new Store();
  const sender = new Sender(store, { generation: 1, send: () => true });
  store.dispatch({
    type: "signed_in",
    me: { userId: "ann", name: "Ann" },
    outbox: sender.restore("ann"),
  });
  sender.send("room001", "hello");
  const [{ clientId }] = store.state.outbox;
  const sent = { type: "message_sent", room_id: "room001", client_id: clientId };
  store.dispatch({ ...sent, message_id: "msg1000000001", seq: 1, rev: 1, timestamp: "" });
  sender.adopt();
  assert.deepEqual(store.state.outbox, []);
});

test("what a closed tab could not send goes out from the one that is left, and is not queued twice", async () => {
  page();
  const [{ Sender }, { Store }, { Outbox }] = await modules("sender", "store", "outbox");
  const store = new Store();
  const frames = [];
  const sender = new Sender(store, { generation: 1, send: (frame) => frames.push(frame) > 0 });
  store.dispatch({
    type: "signed_in",
    me: { userId: "ann", name: "Ann" },
    outbox: sender.restore("ann"),
  });
  const other = new Outbox("ann");
  other.keep({
    clientId: "c1",
    roomId: "room001",
    content: "from the other tab",
    createdAt: "2025-07-15T13:00:00Z",
    state: "pending",
  });
  other.keep({
    clientId: "c2",
    roomId: "room001",
    content: "refused",
    createdAt: "2025-07-15T13:00:01Z",
    state: "failed",
  });
  store.dispatch({ type: "connection", connection: { state: "online" } });
  for (let times = 0; times < 2; times += 1) {
    sender.adopt();
    sender.flush();
  }
  assert.deepEqual(
    frames.map(({ client_id: id, content }) => [id, content]),
    [["c1", "from the other tab"]],
  );
  assert.deepEqual(
    store.state.outbox.map(({ clientId }) => clientId),
    ["c1"],
  );
});

test("after a refusal one message at a time goes out, in order", async (context) => {
  page();
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const [{ Sender }, { Store }] = await modules("sender", "store");
  const store = new Store();
  let frames = [];
  const sent = () => frames.splice(0).map(({ content }) => content);
  const sender = new Sender(store, { generation: 1, send: (frame) => frames.push(frame) > 0 });
  store.dispatch({
    type: "signed_in",
    me: { userId: "ann", name: "Ann" },
    outbox: sender.restore("ann"),
  });
  store.dispatch({ type: "connection", connection: { state: "online" } });
  for (const text of ["one", "two", "three"]) sender.send("room001", text);
  const ids = store.state.outbox.map(({ clientId }) => clientId);
  assert.deepEqual(sent(), ["one", "two", "three"]);
  for (const id of ids) sender.refused(id, "rate_limited");
  context.mock.timers.tick(1999);
  assert.deepEqual(sent(), []);
  context.mock.timers.tick(1);
  assert.deepEqual(sent(), ["one"]);
  // Refused again: twice the time.
  sender.refused(ids[0], "rate_limited");
  context.mock.timers.tick(3999);
  assert.deepEqual(sent(), []);
  context.mock.timers.tick(1);
  assert.deepEqual(sent(), ["one"]);
  // Settled: the next one's turn, at once.
  for (const [id, next] of [
    [ids[0], ["two"]],
    [ids[1], ["three"]],
    [ids[2], []],
  ]) {
    store.dispatch({ type: "send_dropped", clientId: id });
    context.mock.timers.tick(200);
    assert.deepEqual(sent(), next);
  }
  for (const text of ["four", "five"]) sender.send("room001", text);
  assert.deepEqual(sent(), ["four", "five"]);
});
