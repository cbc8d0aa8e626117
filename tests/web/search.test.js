/** Searching: the address, what is marked in a snippet, pages and days of hits. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { highlightParts } from "../../assets/js/lib/highlight.js";
import { parseRoute, searchHash, viewOf } from "../../assets/js/lib/route.js";
import { byDay, withPage } from "../../assets/js/state/hits.js";
import { searchPage } from "../../assets/js/state/select.js";
import { message, ROOM, signedIn } from "./fixtures.js";

test("an address holds what is searched for and where", () => {
  for (const [query, within] of [
    ["색인 index", "room001"],
    ["a&b=c?#/", undefined],
    ["", "room12"],
    ["书", undefined],
  ]) {
    const route = parseRoute(searchHash(query, within));
    assert.deepEqual([route.page, route.query, route.within], ["search", query, within]);
  }
  assert.equal(parseRoute("#/search").page, "search");
  assert.equal(parseRoute("#/search?in=elsewhere").within, undefined);
  assert.equal(viewOf(parseRoute("#/search?q=x")), "page");
});

test("hits are marked by code points, also after letters that are two units long", () => {
  const marked = (snippet, highlights) =>
    highlightParts(snippet, highlights)
      .map(({ text, hit }) => (hit ? `[${text}]` : text))
      .join("");
  assert.equal(marked("🙂🙂 만화책을 읽는다", [[3, 6]]), "🙂🙂 [만화책]을 읽는다");
  assert.equal(marked("我爱读书", [[3, 4]]), "我爱读[书]");
  assert.equal(
    marked("one two", [
      [0, 3],
      [4, 7],
    ]),
    "[one] [two]",
  );
  assert.equal(marked("plain", []), "plain");
});

test("marks that overlap, are empty or lie outside lose no letter", () => {
  const text = (highlights) =>
    highlightParts("abcdef", highlights)
      .map((part) => part.text)
      .join("");
  for (const highlights of [
    [
      [0, 3],
      [2, 5],
    ],
    [[4, 4]],
    [[3, 99]],
    [[9, 12]],
    [
      [2, 4],
      [0, 3],
    ],
  ])
    assert.equal(text(highlights), "abcdef");
});

test("pages are added, and nothing shows twice", () => {
  const first = withPage(
    { query: "x", within: undefined, hits: [] },
    { messages: [message(9), message(8)], cursor: "c" },
  );
  const both = withPage(first, { messages: [message(8), message(7)] });
  assert.deepEqual(
    both.hits.map((hit) => hit.seq),
    [9, 8, 7],
  );
  assert.equal(first.cursor, "c");
  assert.equal(both.cursor, undefined);
});

test("hits stand under their day", () => {
  const at = (day, hour) => new Date(2025, 6, day, hour).toISOString();
  const days = byDay([
    message(3, { createdAt: at(16, 9) }),
    message(2, { createdAt: at(15, 23) }),
    message(1, { createdAt: at(15, 1) }),
  ]);
  assert.deepEqual(
    days.map((day) => day.hits.map((hit) => hit.seq)),
    [[3], [2, 1]],
  );
});

test("the page of results names authors and rooms, and offers the room that was open", () => {
  const state = { ...signedIn(), route: { page: "search", query: "x" } };
  const page = searchPage(state, ROOM);
  assert.deepEqual(page.room, { roomId: ROOM, name: "Harbour" });
  assert.deepEqual(page.about(message(1)), {
    author: "Bob",
    picture: undefined,
    room: "Harbour",
    direct: false,
  });
  assert.equal(searchPage(state, "").room, null);
});
