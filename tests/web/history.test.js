/** Loading messages: the first ones, and those of a day. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../../assets/js/state/history.js";
import { reduce } from "../../assets/js/state/reduce.js";
import { after, messages, page, ROOM, signedIn } from "./fixtures.js";

/** A room of so many messages, one each second, and the requests for them. */
function room(count, held = []) {
  const all = messages(1, count);
  const asked = [];
  const store = {
    state: after(signedIn({ lastSeq: count }), { type: "history_opened", room_id: ROOM }),
    dispatch(action) {
      this.state = reduce(this.state, action);
    },
  };
  if (held.length) store.dispatch(page(held, null));
  const client = {
    messages: async (_, query) => {
      asked.push(query);
      if ("after" in query) return all.slice(query.after, query.after + query.limit);
      if (query.limit === 1) return all.filter(({ seq }) => seq <= query.around).slice(-1);
      const half = query.limit / 2;
      return all.slice(Math.max(0, query.around - half), query.around + half);
    },
    person: async (userId) => ({ userId, name: userId }),
  };
  return { history: new History(store, client), store, asked };
}
const timeOf = (seq) => Date.UTC(2025, 6, 15, 13, 0, seq);
const heldSeqs = ({ state }) => state.timelines[ROOM].messages.map(({ seq }) => seq);

test("the first message since a time is found in a few steps, wherever it is", async () => {
  for (const count of [1, 2, 5, 100, 99_999]) {
    for (const wanted of new Set([1, 2, Math.ceil(count / 3), count - 1, count])) {
      if (wanted < 1 || wanted > count) continue;
      const { history, store, asked } = room(count);
      assert.equal(await history.since(ROOM, timeOf(wanted)), wanted, `${wanted} of ${count}`);
      assert.ok(heldSeqs(store).includes(wanted));
      assert.ok(asked.length <= 34, `${asked.length} requests for ${wanted} of ${count}`);
    }
    assert.equal(await room(count).history.since(ROOM, timeOf(count + 1)), null);
    assert.equal(await room(count).history.since(ROOM, timeOf(0)), 1, "before all");
  }
  assert.equal(await room(0).history.since(ROOM, timeOf(1)), null);
});

test("messages that are held are not asked for again", async () => {
  const { history, asked } = room(50_000, messages(400, 500));
  assert.equal(await history.since(ROOM, timeOf(450)), 450);
  assert.equal(asked.length, 1, "only what stands around it");
});

test("the first messages of a room leave no gap before them", async () => {
  const { history, store } = room(1000, messages(900, 950));
  await history.first(ROOM);
  assert.deepEqual(heldSeqs(store).slice(0, 2), [1, 2]);
  assert.deepEqual(store.state.timelines[ROOM].absent, []);
});
