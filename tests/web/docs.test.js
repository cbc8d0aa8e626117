/**
 * The API reference: what its pure functions say of a schema, and that its files keep the rules of
 * the page.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { kind, limits } from "../../assets/docs/schema.js";
import { words } from "../../assets/docs/text.js";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../assets/docs");
const read = (name) => readFileSync(join(ROOT, name), "utf8");
const scripts = readdirSync(ROOT).filter((name) => name.endsWith(".js"));

test("a schema is told in short", () => {
  assert.equal(kind({ type: "string" }), "string");
  assert.equal(kind({ type: ["string", "null"] }), "string or null");
  assert.equal(kind({ $ref: "#/components/schemas/v1.Room" }), "v1.Room");
  assert.equal(
    kind({ type: "array", items: { $ref: "#/components/schemas/v1.Room" } }),
    "list of v1.Room",
  );
  assert.equal(
    kind({ oneOf: [{ $ref: "#/components/schemas/a.B" }, { type: "null" }] }),
    "a.B or null",
  );
  assert.equal(kind({}), "anything");
});

test("limits are told as people say them", () => {
  assert.equal(limits({ minLength: 1, maxLength: 64 }), "1 to 64 characters");
  assert.equal(limits({ minimum: 0, default: 0 }), "at least 0; otherwise 0");
  assert.equal(limits({ maxItems: 10 }), "at most 10 entries");
  assert.equal(limits({ enum: ["asc", "desc"] }), '"asc", "desc"');
  assert.equal(limits({ type: "integer", format: "int64" }), "");
});

test("names and values of a description can be searched for", () => {
  assert.equal(words({ a: [1, { b: "c" }], d: null }), "a 1 b c d ");
});

test("the page makes no markup from text, has nothing inline and imports what exists", () => {
  const shell = read("index.html");
  assert.doesNotMatch(shell, /<style|\sstyle=|\son\w+=|<script>|https?:/);
  for (const [, path] of shell.matchAll(/ (?:href|src)="(\/(?!api)[^"]+)"/g))
    assert.ok(existsSync(join(ROOT, "..", path)), path);
  for (const name of scripts) {
    assert.match(read(name), /^\/\*\*/, name);
    assert.doesNotMatch(
      read(name),
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\("style"|\.cssText/,
      name,
    );
    for (const [, from] of read(name).matchAll(/(?:^import|\bfrom) "([^"]+)"/gm))
      assert.ok(existsSync(join(ROOT, from)), `${name}: ${from}`);
  }
  assert.doesNotMatch(read("docs.css"), /@import|url\(/);
});
