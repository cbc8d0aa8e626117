/** Long presses of a finger. */
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { longPress, menuPress } from "../../assets/js/lib/long-press.js";

/** @type {EventTarget} */
let page;
/** @type {EventTarget} */
let row;

beforeEach(() => {
  page = new EventTarget();
  row = new EventTarget();
  for (const name of ["addEventListener", "removeEventListener"])
    globalThis[name] = page[name].bind(page);
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

/** Events go through the page, before and after the row as in a document. */
function send(type, more = {}) {
  const place = { pointerType: "touch", clientX: 5, clientY: 5, ...more };
  row.dispatchEvent(Object.assign(new Event(type), place));
  page.dispatchEvent(Object.assign(new Event(type, { cancelable: true }), place));
}

test("a menu opens when the finger is lifted", () => {
  const opened = [];
  menuPress(row, (target) => opened.push(target));
  send("pointerdown");
  mock.timers.tick(800);
  assert.deepEqual(opened, []);
  send("pointerup");
  mock.timers.tick(0);
  assert.deepEqual(opened, [row]);
  // Once for each press.
  send("pointerup");
  mock.timers.tick(0);
  assert.equal(opened.length, 1);
});

test("a tap, a swipe, a mouse and a browser with a menu of its own open none", () => {
  const opened = [];
  menuPress(row, (target) => opened.push(target));
  const press = (before, after, pointer = {}) => {
    send("pointerdown", pointer);
    before();
    mock.timers.tick(800);
    after();
    send("pointerup", pointer);
    mock.timers.tick(10);
  };
  const nothing = () => {};
  press(() => send("pointerup"), nothing);
  press(() => send("pointermove", { clientY: 30 }), nothing);
  press(() => send("contextmenu"), nothing);
  press(nothing, () => send("contextmenu"));
  press(nothing, () => send("pointercancel"));
  press(nothing, nothing, { pointerType: "mouse" });
  assert.deepEqual(opened, []);
});

test("a long press acts at once, and lifting the finger is no click", () => {
  let acted = 0;
  longPress(row, () => (acted += 1));
  send("pointerdown");
  mock.timers.tick(499);
  assert.equal(acted, 0);
  mock.timers.tick(1);
  assert.equal(acted, 1);
  const click = new Event("click", { cancelable: true });
  page.dispatchEvent(click);
  assert.ok(click.defaultPrevented);
  const next = new Event("click", { cancelable: true });
  page.dispatchEvent(next);
  assert.ok(!next.defaultPrevented);
});
