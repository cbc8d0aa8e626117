/** Searching: the address, what is marked in a snippet, pages and days of hits. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { highlightParts } from "../../assets/js/lib/highlight.js";
import { hitParts } from "../../assets/js/lib/hit-text.js";
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

/** The text of a hit with what was found in brackets. @param {string} content @param {string[]} words */
function shownHit(content, words, snippet = content) {
  /** @type {[number, number][]} */
  const highlights = [];
  const letters = [...snippet];
  for (let at = 0; at < letters.length; at += 1) {
    const word = words.find((one) => letters.slice(at, at + [...one].length).join("") === one);
    if (!word) continue;
    highlights.push([at, at + [...word].length]);
    at += [...word].length - 1;
  }
  return hitParts({ snippet, highlights, content })
    .map(({ text, hit }) => (hit ? `⟦${text}⟧` : text))
    .join("");
}

test("a hit is shown as it is read, with what was found where it stands", () => {
  for (const [content, words, expected] of [
    ["no marks", ["marks"], "no ⟦marks⟧"],
    ["**bold** and _thin_ bold", ["bold"], "⟦bold⟧ and thin ⟦bold⟧"],
    ["a **very bold** word", ["bold"], "a very ⟦bold⟧ word"],
    ["see [the docs](https://example.org/docs) of it", ["docs"], "see the ⟦docs⟧ of it"],
    ["run `cargo test` now", ["cargo", "now"], "run ⟦cargo⟧ test ⟦now⟧"],
    ["```rust\nlet x = 1;\n```\nlet it be", ["let"], "⟦let⟧ x = 1; ⟦let⟧ it be"],
    ["> quoted\n- one\n- two", ["one"], "quoted ⟦one⟧ two"],
    ["2*3*4 is 24", ["3"], "2*⟦3⟧*4 is 24"],
    ["😀 **굵은** 글씨", ["굵은"], "😀 ⟦굵은⟧ 글씨"],
    ["https://example.org/path here", ["example"], "https://⟦example⟧.org/path here"],
  ])
    assert.equal(shownHit(content, words), expected);
});

test("what was found only where nobody sees it is shown as it was written", () => {
  assert.equal(
    shownHit("[docs](https://example.org) a", ["example"]),
    "[docs](https://⟦example⟧.org) a",
  );
  assert.equal(shownHit("```rust\nx\n```", ["rust"]), "```⟦rust⟧\nx\n```");
});

test("marks that begin or end outside of the snippet are no part of it", () => {
  const content = `${"a ".repeat(80)}**some bold needle here** and ${"z ".repeat(90)}`.trim();
  const at = content.indexOf("bold");
  const snippet = `…${content.slice(at, at + 120)}…`;
  const shown = shownHit(content, ["needle"], snippet);
  assert.ok(shown.startsWith("…bold ⟦needle⟧ here and z") && shown.endsWith("…"), shown);
  const start = `${content.slice(at - 2)}`;
  assert.equal(shownHit(content, ["needle"], `…${start}`).includes("*"), false);
});

test("a hit of a message that has changed since is shown as it was found", () => {
  assert.equal(shownHit("other", ["bold"], "**bold**"), "**⟦bold⟧**");
});
