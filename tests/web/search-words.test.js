import assert from "node:assert/strict";
import { test } from "node:test";

import { searchOf } from "../../assets/js/state/search-words.js";

const person = (userId, name) => ({ userId, name, role: "member" });
const state = {
  me: { userId: "ann" },
  people: { dan: "Дан" },
  rooms: {
    room001: { roomId: "room001", name: "Study group", participants: [person("ben", "김민준")] },
    room002: { roomId: "room002", name: "Ops", participants: [] },
  },
};
const seconds = (...day) => Math.floor(new Date(...day).getTime() / 1000);

test("filters leave the words", () => {
  for (const [text, asked] of [
    ["plan", { q: "plan" }],
    ["", { q: "" }],
    ["  from:ben   the plan ", { q: "the plan", from: "ben" }],
    ["from:@BEN plan", { q: "plan", from: "ben" }],
    ["from:김민준", { from: "ben" }],
    ['from:"Дан"', { from: "dan" }],
    ["from:nobody", { from: "nobody" }],
    ["in:room002 x", { q: "x", roomId: "room002" }],
    ['in:"study group" x', { q: "x", roomId: "room001" }],
    ["in:#ops", { roomId: "room002" }],
    ["has:file has:IMAGE has:file", { has: "file,image" }],
    ["is:mine has:link", { from: "ann", has: "link" }],
  ])
    assert.deepEqual(searchOf(text, state), asked, text);
});

test("days are those of the reader", () => {
  const [first, second] = [seconds(2025, 6, 1), seconds(2025, 6, 2)];
  for (const [text, asked] of [
    ["before:2025-07-01", { until: first }],
    ["after:2025-7-1", { since: second }],
    ["on:2025-07-01 x", { q: "x", since: first, until: second }],
  ])
    assert.deepEqual(searchOf(text, state), asked, text);
});

test("what is no filter is a word", () => {
  for (const text of [
    "from:",
    "has:video",
    "is:unread",
    "in:nowhere",
    "before:yesterday",
    "before:2025",
    "http://from:ann",
    "prefix-from:ann",
    'from:""',
  ])
    assert.deepEqual(searchOf(text, state), { q: text }, text);
});
