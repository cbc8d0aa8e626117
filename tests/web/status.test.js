/** What people say about themselves for a time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lasting, statusOf, statusText } from "../../assets/js/lib/status.js";
import { endOf } from "../../assets/js/lib/status-end.js";
import { after, signedIn } from "./fixtures.js";

test("a status ends when it was chosen to", () => {
  const wednesday = new Date(2026, 10, 25, 15, 30);
  assert.equal(endOf("never", wednesday), null);
  assert.equal(endOf("half", wednesday), new Date(2026, 10, 25, 16).toISOString());
  assert.equal(endOf("hour", wednesday), new Date(2026, 10, 25, 16, 30).toISOString());
  assert.equal(endOf("today", wednesday), new Date(2026, 10, 26).toISOString());
  assert.equal(endOf("week", wednesday), new Date(2026, 10, 30).toISOString());
  assert.equal(endOf("week", new Date(2026, 10, 29, 9)), new Date(2026, 10, 30).toISOString());
  assert.equal(endOf("week", new Date(2026, 10, 30, 9)), new Date(2026, 11, 7).toISOString());
});

test("a status that has ended is none", () => {
  const status = { text: "away", until: "2026-11-30T08:00:00Z" };
  const end = Date.parse(status.until);
  assert.equal(lasting(status, end - 1), status);
  assert.equal(lasting(status, end), null);
  assert.deepEqual(lasting({ text: "away" }, end), { text: "away" });
  assert.equal(lasting(undefined), null);
});

test("an emoji stands before the text", () => {
  assert.equal(statusText({ emoji: "🍜", text: "at lunch" }), "🍜 at lunch");
  assert.equal(statusText({ text: "at lunch" }), "at lunch");
  assert.equal(statusText({ emoji: "🍜", text: "" }), "🍜");
});

test("statuses of the people of my rooms are told, removed and ended", () => {
  const lunch = { emoji: "🍜", text: "at lunch", until: "2999-11-30T08:00:00Z" };
  const away = { text: "away" };
  const loaded = after(signedIn(), {
    type: "statuses_loaded",
    statuses: [
      { userId: "bob", status: lunch },
      { userId: "alice", status: away },
    ],
  });
  assert.deepEqual(loaded.statuses, { bob: lunch }, "mine is known already");
  assert.equal(statusOf(loaded, "bob"), lunch);
  const changed = (userId, status) => ({ type: "status_changed", user_id: userId, status });
  const own = after(loaded, changed("alice", away));
  assert.deepEqual([own.me.status, own.statuses], [away, loaded.statuses]);
  assert.equal(statusOf(own, "alice"), away);
  assert.deepEqual(after(own, changed("bob", undefined)).statuses, {});
  const end = Date.parse(lunch.until);
  assert.deepEqual(after(own, { type: "statuses_ended", now: end - 1 }).statuses, { bob: lunch });
  const ended = after(own, changed("alice", lunch), { type: "statuses_ended", now: end });
  assert.deepEqual([ended.statuses, ended.me.status], [{}, null]);
  assert.equal(statusOf(ended, undefined), null);
});
