/** The links that may have a preview; the same cases as in src/model/links.rs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { previewLinks, withoutPreview } from "../../assets/js/lib/preview-links.js";

test("links end where the sentence goes on", () => {
  for (const [text, ...wanted] of [
    ["see https://a.example/x.", "https://a.example/x"],
    ["(HTTP://a.example/x_(y))", "HTTP://a.example/x_(y)"],
    ['[words](https://a.example/x "title")', "https://a.example/x"],
    ["“https://a.example”, https://b.example!", "https://a.example", "https://b.example"],
    ["보기:https://예시.kr。", "https://예시.kr"],
    ["https://a.example https://a.example", "https://a.example"],
    ["http:// https://. ftp://a.example a.example"],
    [""],
  ])
    assert.deepEqual(previewLinks(text), wanted, text);
});

test("a link in angle brackets or code has no preview", () => {
  for (const [text, ...wanted] of [
    ["<https://a.example/x> https://b.example", "https://b.example"],
    ["[words](<https://a.example/x>)"],
    ["<https://a.example/x", "https://a.example/x"],
    ["<https://a.example and more>", "https://a.example"],
    ["`https://a.example` ``https://b.example ` ``"],
    ["```\nhttps://a.example\n```\nhttps://b.example", "https://b.example"],
    ["` https://a.example", "https://a.example"],
  ])
    assert.deepEqual(previewLinks(text), wanted, text);
});

test("three links have a preview at most", () => {
  const many = [0, 1, 2, 3].map((n) => `https://${n}.example`);
  assert.deepEqual(previewLinks(many.join("\n")), many.slice(0, 3));
});

test("a preview is removed wherever its link stands, and nothing else changes", () => {
  const [a, b] = ["https://a.example/x", "https://a.example/x/y"];
  for (const [text, wanted] of [
    [`see ${a}, ${b} and ${a}.`, `see <${a}>, ${b} and <${a}>.`],
    [`[words](${a}) \`${a}\``, `[words](<${a}>) \`${a}\``],
    [`<${a}>`, `<${a}>`],
    ["no link", "no link"],
  ]) {
    assert.equal(withoutPreview(text, a), wanted);
    assert.ok(!previewLinks(wanted).includes(a));
  }
});
