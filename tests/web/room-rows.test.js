/** The list of my rooms: its rows, their order, and which of them are in the DOM. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BEYOND, rowAfterKey, rowsNear, topFor } from "../../assets/js/lib/list-window.js";
import { keptInOrder, neighbour, roomRows } from "../../assets/js/state/room-rows.js";
import { sectioned } from "../../assets/js/state/sections.js";
import { after, live, room, ROOM, signedIn } from "./fixtures.js";

const OTHER = "room002";
const ids = (rows) => rows.map((row) => row.roomId);
const two = () =>
  after(signedIn(), {
    type: "rooms_loaded",
    rooms: [room(), room({ roomId: OTHER, name: "Other", createdAt: "2025-07-02T09:00:00Z" })],
  });

test("what did not change is the same object, so that nothing is drawn again", () => {
  const state = two();
  const rows = roomRows(state);
  assert.deepEqual(ids(rows), [OTHER, ROOM]);
  assert.equal(roomRows(after(state, { type: "details_toggled", open: true })), rows);
  const next = roomRows(after(state, live(1)));
  assert.deepEqual(ids(next), [ROOM, OTHER]);
  assert.equal(next[1], rows[0]);
  assert.equal(next[0].unread, 1);
  const renamed = roomRows(
    after(state, { type: "person_loaded", person: { userId: "bob", name: "Robert" } }),
  );
  assert.notEqual(renamed, rows);
});

test("while somebody points at the list, no room moves, and new ones come first", () => {
  const rows = roomRows(two());
  const moved = roomRows(after(two(), live(1)));
  assert.deepEqual(ids(keptInOrder(moved, rows)), [OTHER, ROOM]);
  const added = [{ ...moved[0], roomId: "room003" }, ...moved];
  assert.deepEqual(ids(keptInOrder(added, rows)), ["room003", OTHER, ROOM]);
  assert.deepEqual(ids(keptInOrder(moved.slice(0, 1), rows)), [ROOM]);
});

test("the room before and after, also only those with something unread", () => {
  const rows = ["a", "b", "c", "d"].map((roomId, index) => ({
    roomId,
    unread: index === 1 || index === 3 ? 2 : 0,
    muted: index === 1,
  }));
  assert.equal(neighbour(rows, "b", 1), "c");
  assert.equal(neighbour(rows, "b", -1), "a");
  assert.equal(neighbour(rows, "a", -1), undefined);
  assert.equal(neighbour(rows, "d", 1), undefined);
  assert.equal(neighbour(rows, "", 1), "a");
  assert.equal(neighbour(rows, "", -1), "d");
  assert.equal(neighbour(rows, "a", 1, true), "d");
  assert.equal(neighbour(rows, "d", -1, true), undefined);
});

test("rows near the view are in the DOM, and those that must stay", () => {
  const view = { top: 0, height: 500, row: 50 };
  assert.deepEqual(rowsNear(view, 5), [0, 1, 2, 3, 4]);
  const first = rowsNear(view, 500);
  assert.deepEqual([first[0], first.at(-1)], [0, 10 + BEYOND - 1]);
  const middle = rowsNear({ ...view, top: 5025 }, 500, [3, -1, 700, 105]);
  assert.deepEqual(middle.slice(0, 2), [3, 100 - BEYOND]);
  assert.equal(middle.at(-1), 111 + BEYOND - 1);
  assert.equal(new Set(middle).size, middle.length);
  assert.deepEqual(rowsNear({ ...view, top: 99_999 }, 10), []);
  assert.deepEqual(rowsNear(view, 0, [0]), []);
});

test("a row is scrolled into view by as little as possible", () => {
  const view = { top: 1000, height: 500, row: 50 };
  assert.equal(topFor(view, 25), 1000);
  assert.equal(topFor(view, 3), 150);
  assert.equal(topFor(view, 40), 1550);
});

test("arrows, page keys, Home and End lead to a row, and not beyond the ends", () => {
  const view = { top: 0, height: 500, row: 50 };
  const to = (key, index) => rowAfterKey(key, index, 100, view);
  assert.deepEqual(
    ["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End"].map((key) => to(key, 50)),
    [51, 49, 59, 41, 0, 99],
  );
  assert.deepEqual([to("ArrowUp", 0), to("ArrowDown", 99), to("PageDown", 95)], [0, 99, 99]);
  assert.equal(to("Enter", 5), undefined);
});

test("favourites, rooms and conversations of two stand in sections, which can be folded", () => {
  const direct = room({ roomId: "room003", name: null, createdAt: "2025-07-03T09:00:00Z" });
  const state = after(two(), { type: "room_added", room: direct });
  const shown = (from, folded = []) =>
    sectioned(roomRows(from), new Set(folded)).map(({ section, roomId }) => section ?? roomId);
  assert.deepEqual(shown(two()), [OTHER, ROOM], "one section needs no heading");
  assert.deepEqual(shown(state), ["rooms", OTHER, ROOM, "people", "room003"]);
  const own = { roomId: ROOM, favourite: true, muted: false };
  const starred = after(state, { type: "room_own", own });
  const all = ["favourites", ROOM, "rooms", OTHER, "people", "room003"];
  assert.deepEqual(shown(starred), all);
  const folded = ["favourites", "rooms", "people", "room003"];
  assert.deepEqual(shown(starred, ["favourites", "rooms"]), folded);
  assert.deepEqual(
    shown(after(starred, live(1)), ["favourites", "rooms"]),
    ["favourites", ROOM, "rooms", "people", "room003"],
    "what is unread stays",
  );
});
