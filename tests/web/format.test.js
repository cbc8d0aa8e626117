/** Formatting while one writes. `[` and `]` stand for the ends of what is selected, `|` for the caret. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { continued, formatOf, formatted, linked } from "../../assets/js/lib/format.js";

/** @param {string} marked */
function read(marked) {
  const start = marked.search(/[«|]/u);
  const end = marked.includes("»") ? marked.indexOf("»") - 1 : start;
  return { text: marked.replace(/[«»|]/gu, ""), start, end };
}

function write(text, { from, to, insert, start, end }) {
  const now = text.slice(0, from) + insert + text.slice(to);
  return start === end
    ? `${now.slice(0, start)}|${now.slice(start)}`
    : `${now.slice(0, start)}«${now.slice(start, end)}»${now.slice(end)}`;
}

function apply(format, marked) {
  const { text, start, end } = read(marked);
  return write(text, formatted(format, text, start, end));
}

function next(marked) {
  const { text, start } = read(marked);
  const edit = continued(text, start);
  return edit && write(text, edit);
}

const key = (code, more = {}) => ({
  key: "",
  code,
  ctrlKey: true,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});

test("keys mean the same on every keyboard, and on a Mac with its own key", () => {
  assert.equal(formatOf(key("KeyB", { key: "b" }), false), "strong");
  assert.equal(formatOf(key("KeyB", { key: "и" }), false), "strong");
  // Where the letter is, not where it is on other keyboards.
  assert.equal(formatOf(key("KeyN", { key: "b" }), false), "strong");
  assert.equal(formatOf(key("KeyI", { key: "i" }), false), "em");
  assert.equal(formatOf(key("KeyE", { key: "e" }), false), "code");
  assert.equal(formatOf(key("KeyX", { key: "X", shiftKey: true }), false), "del");
  assert.equal(formatOf(key("KeyU", { key: "U", shiftKey: true }), false), "link");
  assert.equal(formatOf(key("Digit7", { key: "&", shiftKey: true }), false), "numbers");
  assert.equal(formatOf(key("Digit8", { key: "*", shiftKey: true }), false), "bullets");
  assert.equal(formatOf(key("KeyX", { key: "x" }), false), undefined);
  assert.equal(formatOf(key("KeyB", { key: "b", altKey: true }), false), undefined);
  assert.equal(formatOf(key("KeyB", { key: "b" }), true), undefined);
  const command = { key: "b", ctrlKey: false, metaKey: true };
  assert.equal(formatOf(key("KeyB", command), true), "strong");
  assert.equal(formatOf(key("KeyB", command), false), undefined);
});

test("what is selected gets marks, and loses them again", () => {
  assert.equal(apply("strong", "a «word» b"), "a **«word»** b");
  assert.equal(apply("strong", "a **«word»** b"), "a «word» b");
  assert.equal(apply("strong", "a «**word**» b"), "a «word» b");
  assert.equal(apply("em", "«word»"), "*«word»*");
  assert.equal(apply("em", "**«word»**"), "***«word»***");
  assert.equal(apply("em", "***«word»***"), "**«word»**");
  assert.equal(apply("strong", "***«word»***"), "*«word»*");
  assert.equal(apply("strong", "*«word»*"), "***«word»***");
  assert.equal(apply("del", "«old»"), "~~«old»~~");
  assert.equal(apply("del", "~~«old»~~"), "«old»");
  assert.equal(apply("strong", "«나는» 간다"), "**«나는»** 간다");
});

test("spaces stay outside of the marks, and without a selection one writes between them", () => {
  assert.equal(apply("strong", "a« word »b"), "a **«word»** b");
  assert.equal(apply("strong", "a |b"), "a **|**b");
  assert.equal(apply("strong", "a **|**b"), "a |b");
  assert.equal(apply("code", "|"), "`|`");
});

test("code in a line, with its own marks in it, and of several lines", () => {
  assert.equal(apply("code", "run «ls -l»"), "run `«ls -l»`");
  assert.equal(apply("code", "run `«ls»`"), "run «ls»");
  assert.equal(apply("code", "«a`b»"), "`` «a`b» ``");
  assert.equal(apply("code", "see «a\nb» so"), "see \n```\n«a\nb»\n```\n so");
  assert.equal(apply("code", "«a\nb»"), "```\n«a\nb»\n```");
  assert.equal(apply("code", "«```js\na\nb\n```»"), "«a\nb»");
});

test("a link asks for what is missing", () => {
  assert.equal(apply("link", "see «the plan»"), "see [the plan](«https://»)");
  assert.equal(apply("link", "see «https://example.org/a»"), "see [|](https://example.org/a)");
  assert.equal(apply("link", "see |"), "see [|](https://)");
});

test("an address pasted over words makes a link of them", () => {
  const paste = (marked, pasted) => {
    const { text, start, end } = read(marked);
    const edit = linked(text, start, end, pasted);
    return edit && write(text, edit);
  };
  assert.equal(
    paste("see «the plan» x", "https://example.org/a_(b) "),
    "see [the plan](https://example.org/a_%28b%29)| x",
  );
  assert.equal(paste("see |", "https://example.org"), null);
  assert.equal(paste("see «the plan»", "no address"), null);
  assert.equal(paste("see «https://a.example»", "https://example.org"), null);
  assert.equal(paste("«two\nlines»", "https://example.org"), null);
  assert.equal(paste("«a»", "javascript:alert(1)"), null);
});

test("lists and quotes are of whole lines, and one kind becomes the other", () => {
  assert.equal(apply("bullets", "one\nt«wo\nth»ree"), "one\n«- two\n- three»");
  assert.equal(apply("bullets", "«- two\n- three»"), "«two\nthree»");
  assert.equal(apply("numbers", "«- two\n- three»"), "«1. two\n2. three»");
  assert.equal(apply("numbers", "a|b"), "1. a|b");
  assert.equal(apply("numbers", "1. a|b"), "a|b");
  assert.equal(apply("quote", "«a\n\nb»"), "«> a\n\n> b»");
  assert.equal(apply("quote", "> a|"), "a|");
  assert.equal(apply("bullets", "|"), "- |");
  assert.equal(apply("bullets", "  deep|"), "  - deep|");
});

test("a new line goes on with the list, and an empty item ends it", () => {
  assert.equal(next("- one|"), "- one\n- |");
  assert.equal(next("  - one| two"), "  - one\n  - | two");
  assert.equal(next("9. nine|"), "9. nine\n10. |");
  assert.equal(next("- [x] done|"), "- [x] done\n- [ ] |");
  assert.equal(next("> said|"), "> said\n> |");
  assert.equal(next("- one\n- |"), "- one\n|");
  assert.equal(next("1. |"), "|");
  assert.equal(next("no list|"), null);
  assert.equal(next("-|"), null);
  assert.equal(next("```\n- a|\n```"), null);
  assert.equal(next("```\nx\n```\n- a|"), "```\nx\n```\n- a\n- |");
});
