/** The window of the conversation: what is in the DOM, as the reader scrolls. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ALL,
  around,
  atEnd,
  fromUnread,
  hasOlder,
  hasSpare,
  isTooLong,
  joinsOlder,
  lastSeq,
  LIMIT,
  LIMIT_AT_END,
  newer,
  older,
  STEP,
  trimmed,
  upTo,
} from "../../assets/js/state/window.js";
import { messages } from "./fixtures.js";

const THOUSAND = messages(1, 1000);

test("a room opens at its end, with everything unread", () => {
  assert.deepEqual(atEnd(THOUSAND), { low: 921, high: Infinity });
  assert.deepEqual(fromUnread(THOUSAND), { low: 921, high: Infinity });
  assert.deepEqual(fromUnread(THOUSAND, 990), { low: 921, high: Infinity });
  assert.deepEqual(fromUnread(THOUSAND, 850), { low: 850, high: Infinity });
});

test("a room with few messages or none is shown whole", () => {
  for (const few of [[], messages(1, 3)]) {
    assert.ok(!hasOlder(atEnd(few), few));
    assert.ok(!hasOlder(ALL, few));
    assert.equal(around(few, 1).high, Infinity);
    assert.equal(older(atEnd(few), few, true).high, Infinity);
    assert.equal(newer(atEnd(few), few).high, Infinity);
  }
  assert.deepEqual(atEnd([]), ALL);
  assert.equal(lastSeq([]), 0);
  assert.equal(lastSeq(messages(1, 3)), 3);
});

test("a message is shown with as many before it as after it, as far as there are any", () => {
  assert.deepEqual(around(THOUSAND, 500), { low: 460, high: 540 });
  assert.deepEqual(around(THOUSAND, 10), { low: 1, high: 50 });
  assert.deepEqual(around(THOUSAND, 990), { low: 950, high: Infinity });
});

test("new messages at the end make the window smaller only when it is too large", () => {
  const window = { low: 1000 - LIMIT_AT_END + 1, high: Infinity };
  assert.equal(trimmed(window, THOUSAND), window);
  assert.deepEqual(trimmed({ low: window.low - 1, high: Infinity }, THOUSAND), atEnd(THOUSAND));
});

test("scrolling up adds a step, and drops the newest only when they are far away", () => {
  assert.deepEqual(older(atEnd(THOUSAND), THOUSAND, true), { low: 921 - STEP, high: Infinity });
  const large = { low: 800, high: Infinity };
  assert.deepEqual(older(large, THOUSAND, false), { low: 740, high: Infinity });
  assert.deepEqual(older(large, THOUSAND, true), { low: 740, high: 740 + LIMIT });
  assert.deepEqual(older({ low: 30, high: 100 }, THOUSAND, true), { low: 1, high: 100 });
});

test("scrolling down adds a step, drops the oldest, and ends at the end", () => {
  assert.deepEqual(newer({ low: 460, high: 540 }, THOUSAND), { low: 460, high: 600 });
  assert.deepEqual(newer({ low: 300, high: 540 }, THOUSAND), { low: 360, high: 600 });
  assert.deepEqual(newer({ low: 800, high: 960 }, THOUSAND), { low: 800, high: Infinity });
});

test("from one end to the other no message is skipped and the window stays small", () => {
  let window = atEnd(THOUSAND);
  while (hasOlder(window, THOUSAND)) {
    const next = older(window, THOUSAND, true);
    assert.ok(next.low < window.low && next.high >= window.low, "windows overlap");
    window = next;
  }
  assert.equal(window.low, 1);
  while (window.high !== Infinity) {
    const next = newer(window, THOUSAND);
    assert.ok(next.high > window.high && next.low <= window.high, "windows overlap");
    assert.ok(next.high === Infinity || next.high - next.low <= LIMIT + STEP);
    window = next;
  }
  assert.ok(!isTooLong({ ...window, low: window.low + STEP }, THOUSAND));
});

test("a filled gap above the window is seen, a gap that is still there is not", () => {
  const held = [...messages(1, 10), ...messages(50, 60)];
  assert.ok(!joinsOlder({ low: 50, high: Infinity }, held));
  assert.ok(joinsOlder({ low: 5, high: Infinity }, held));
  assert.ok(!joinsOlder({ low: 1, high: Infinity }, held));
});

test("while somebody reads above, what comes below does not make the window grow", () => {
  const window = { low: 700, high: Infinity };
  assert.ok(!isTooLong({ low: 1000 - LIMIT + 1, high: Infinity }, THOUSAND));
  assert.ok(isTooLong({ low: 1000 - LIMIT, high: Infinity }, THOUSAND));
  const cut = upTo(window, THOUSAND);
  assert.deepEqual(cut, { low: 700, high: 700 + LIMIT - 1 });
  assert.ok(!isTooLong(cut, [...THOUSAND, ...messages(1001, 2000)]));
  assert.deepEqual(upTo(atEnd(THOUSAND), THOUSAND), atEnd(THOUSAND));
});

test("a long history is told to have messages to spare", () => {
  assert.ok(!hasSpare(messages(1, 2000)));
  assert.ok(hasSpare(messages(1, 2001)));
});
