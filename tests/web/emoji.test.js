/** The emoji: their files, their names, their skin tones, and the ways through the grid. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { CustomEmojiList, nameFor, nameIn } from "../../assets/js/lib/custom-emoji.js";
import { parseEmoji, withTone } from "../../assets/js/lib/emoji.js";
import { moveInGrid } from "../../assets/js/lib/grid.js";
import { LANGUAGES } from "../../assets/js/lib/i18n.js";
import { findEmoji } from "../../assets/js/state/completion.js";

const bytes = (code) =>
  readFileSync(new URL(`../../assets/emoji/${code}.json`, import.meta.url), "utf8");
const read = (code) => JSON.parse(bytes(code));
const countries = (code) => {
  const names = new Intl.DisplayNames(code, { type: "region" });
  return (country) => names.of(country);
};
const all = (code) =>
  parseEmoji(read("en"), code === "en" ? null : read(code), countries(code), countries("en"));
const first = (emoji, query) => findEmoji(emoji, query)[0]?.glyph;

test("every emoji has a name in every language, and short names of its own", () => {
  for (const code of Object.keys(LANGUAGES)) {
    assert.equal(read(code).length, read("en").length, code);
    const emoji = all(code);
    assert.ok(emoji.length > 1900);
    for (const { glyph, name, words } of emoji) {
      assert.ok(name && words.every(Boolean), `${code} ${glyph}`);
      assert.ok(!/\s|:/u.test(words[0]), `${glyph} ${words[0]}`);
    }
    assert.equal(new Set(emoji.map(({ glyph }) => glyph)).size, emoji.length);
    assert.equal(new Set(emoji.map(({ words }) => words[0])).size, emoji.length);
  }
});

test("the files of a language are small", () => {
  for (const code of Object.keys(LANGUAGES)) {
    const files = code === "en" ? ["en"] : ["en", code];
    const sizes = files.map((file) => gzipSync(bytes(file), { level: 9 }).length);
    const sum = sizes.reduce((a, b) => a + b, 0);
    assert.ok(sum < 60_000, `${code}: ${sum} bytes`);
  }
});

test("emoji are found by their names in English and in the language of the page", () => {
  for (const [code, words] of Object.entries({
    en: ["rocket", "ROCKE"],
    ko: ["rocket", "로켓"],
    ru: ["rocket", "ракета", "РАКЕТ"],
    zh: ["rocket", "火箭"],
  }))
    for (const word of words) assert.equal(first(all(code), word), "🚀", `${code} ${word}`);
  const en = all("en");
  // Short names as elsewhere, words that people use, and several words in any order.
  assert.equal(first(en, "tada"), "🎉");
  assert.equal(first(en, "+1"), "👍");
  assert.equal(first(en, "no"), "👎");
  assert.equal(first(en, "heart red"), "❤️");
  assert.equal(first(en, "waving_hand"), "👋");
  assert.equal(first(all("ko"), "좋아요"), "👍");
  assert.equal(first(all("ko"), "대한민국"), "🇰🇷");
  assert.equal(first(all("ru"), "Германия"), "🇩🇪");
  assert.equal(first(en, "south korea"), "🇰🇷");
  assert.equal(first(en, "kr"), "🇰🇷");
  assert.deepEqual(findEmoji(en, "no such thing"), []);
  assert.equal(findEmoji(en, "face").length, 8);
  assert.ok(findEmoji(en, "face", 200).length > 100);
});

test("skin tones stand after each person, and not where there is none", () => {
  assert.equal(withTone("👋", 0), "👋");
  assert.equal(withTone("👋", 3), "👋🏽");
  assert.equal(withTone("✌️", 1), "✌🏻");
  assert.equal(withTone("🤝", 5), "🤝🏿");
  assert.equal(withTone("👩‍❤️‍👨", 2), "👩🏼‍❤️‍👨🏼");
  assert.equal(withTone("🧑‍🤝‍🧑", 4), "🧑🏾‍🤝‍🧑🏾");
  const toned = all("en").filter((emoji) => emoji.toned);
  assert.ok(toned.length > 300);
  for (const { glyph } of toned)
    assert.match(
      withTone(glyph, 1),
      /^(?:\p{Emoji}|[\u{1f3fb}\ufe0f\u200d\u2640\u2642])+$/u,
      glyph,
    );
});

test("arrow keys go through the rows of all sections", () => {
  const lengths = [3, 10, 8];
  const move = (section, index, key) => {
    const to = moveInGrid(lengths, { section, index }, key, 8);
    return to && [to.section, to.index];
  };
  assert.deepEqual(move(0, 2, "ArrowRight"), [1, 0]);
  assert.deepEqual(move(1, 0, "ArrowLeft"), [0, 2]);
  assert.equal(move(0, 0, "ArrowLeft"), null);
  assert.deepEqual(move(2, 7, "ArrowRight"), [2, 7]);
  // Down: to the next row, shorter or not, then to the next section.
  assert.deepEqual(move(0, 1, "ArrowDown"), [1, 1]);
  assert.deepEqual(move(1, 5, "ArrowDown"), [1, 9]);
  assert.deepEqual(move(1, 9, "ArrowDown"), [2, 1]);
  assert.deepEqual(move(2, 3, "ArrowDown"), [2, 3]);
  // Up: to the last row of the section before, out at the top.
  assert.deepEqual(move(2, 6, "ArrowUp"), [1, 9]);
  assert.deepEqual(move(2, 1, "ArrowUp"), [1, 9]);
  assert.deepEqual(move(2, 0, "ArrowUp"), [1, 8]);
  assert.deepEqual(move(1, 9, "ArrowUp"), [1, 1]);
  assert.equal(move(0, 1, "ArrowUp"), null);
  assert.deepEqual(move(1, 4, "Home"), [0, 0]);
  assert.deepEqual(move(1, 4, "End"), [2, 7]);
});

test("custom emoji are fetched once, kept up to date and found by their names", async () => {
  const list = new CustomEmojiList();
  const socket = new EventTarget();
  const asked = [];
  const answer = {
    emoji: [{ name: "party_parrot", userId: "ann", mediaName: "aa" }],
    mayAdd: true,
  };
  const client = {
    ask: async (method, path) => {
      asked.push(`${method} ${path}`);
      return structuredClone(answer);
    },
  };
  list.start({ client, socket });
  const frame = (detail) => socket.dispatchEvent(new CustomEvent("frame", { detail }));
  await Promise.all([list.need(null), list.need(null)]);
  assert.deepEqual(asked, ["GET api/emoji"]);
  assert.equal(list.mayAdd, true);
  assert.equal(list.pictureOf("party_parrot"), "api/media/aa");
  assert.equal(list.pictureOf("constructor"), "");
  const found = (query) => findEmoji(list.asEmoji(), query).map(({ glyph }) => glyph);
  assert.deepEqual(found("parrot"), [":party_parrot:"]);

  let changes = 0;
  list.addEventListener("change", () => (changes += 1));
  frame({ type: "emoji_added", name: "ant", media_name: "bb" });
  assert.deepEqual(
    list.all().map(({ name }) => name),
    ["ant", "party_parrot"],
  );
  frame({ type: "emoji_removed", name: "party_parrot" });
  assert.deepEqual(found("parrot"), []);
  frame({ type: "chat_message" });
  assert.equal(changes, 2);
  // What has happened without a connection is in a new list.
  frame({ type: "connection_established" });
  await list.need(null);
  assert.deepEqual(asked, ["GET api/emoji", "GET api/emoji"]);
  // Whose one is that was added meanwhile, the list says.
  await list.refresh();
  assert.equal(asked.length, 2);
  frame({ type: "emoji_added", name: "bee", media_name: "cc" });
  await list.refresh();
  assert.equal(asked.length, 3);
  assert.equal(list.pictureOf("party_parrot"), "api/media/aa");
});

test("a failure to fetch custom emoji is no end", async () => {
  const list = new CustomEmojiList();
  let fails = true;
  const client = {
    ask: async () => {
      if (fails) throw new Error("offline");
      return { emoji: [], mayAdd: false };
    },
  };
  list.start({ client, socket: new EventTarget() });
  await assert.rejects(list.need(null));
  fails = false;
  await list.need(null);
  assert.deepEqual(list.all(), []);
});

test("the name of a file becomes one of an emoji", () => {
  for (const [file, name] of [
    ["Party Parrot!.gif", "party_parrot"],
    ["c++.png", "c++"],
    ["로고.png", ""],
    ["x.png", ""],
    [`${"long".repeat(20)}.png`, "long".repeat(16)],
  ])
    assert.equal(nameFor(file), name, file);
  assert.equal(nameIn(":party_parrot:"), "party_parrot");
  assert.equal(nameIn("👍"), "");
});
