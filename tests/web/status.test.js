/** What people say about themselves for a time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lasting, statusText } from "../../assets/js/lib/status.js";
import { endOf } from "../../assets/js/lib/status-end.js";

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
