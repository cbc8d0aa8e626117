/** Code in messages: what is coloured. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LANGUAGES, NAMES } from "../../assets/js/lib/code-languages.js";
import { codeParts } from "../../assets/js/lib/code.js";

/** What has this kind, in order. */
const all = (kind, language, text) =>
  codeParts(text, language)
    .filter((part) => part.kind === kind)
    .map((part) => part.text);

test("comments, strings, numbers and words of a language", () => {
  const js =
    'const a = 0x1f + 2.5e3; // "no" string\nlet b = `x ${a}\n` + "it\'s"; /* two\nlines */';
  assert.deepEqual(all("keyword", "js", js), ["const", "let"]);
  assert.deepEqual(all("number", "js", js), ["0x1f", "2.5e3"]);
  assert.deepEqual(all("comment", "js", js), ['// "no" string', "/* two\nlines */"]);
  assert.deepEqual(all("string", "js", js), ["`x ${a}\n`", '"it\'s"']);
  assert.deepEqual(all("keyword", "TypeScript", "interface A { b: string }"), [
    "interface",
    "string",
  ]);
});

test("each language has its own comments and strings", () => {
  const python =
    'def f(x):  # a "comment"\n    """doc\n    # not one"""\n    return f\'{x}\' if x else None';
  assert.deepEqual(all("comment", "py", python), ['# a "comment"']);
  assert.deepEqual(all("string", "py", python), ['"""doc\n    # not one"""', "f'{x}'"]);
  assert.deepEqual(all("keyword", "py", python), ["def", "return", "if", "else", "None"]);
  const rust = "fn f<'a>(x: &'a str) -> char { 'x' } // end";
  assert.deepEqual(all("string", "rs", rust), ["'x'"]);
  assert.deepEqual(all("keyword", "rs", rust), ["fn", "str", "char"]);
  const shell = 'for f in *.txt; do echo "$# ${#f}"; done # all\necho don\'t';
  assert.deepEqual(all("comment", "bash", shell), ["# all"]);
  assert.deepEqual(all("string", "bash", shell), ['"$# ${#f}"']);
  const sql = "SELECT 'it''s' FROM t -- c\nwhere a = 1";
  assert.deepEqual(all("keyword", "sql", sql), ["SELECT", "FROM", "where"]);
  assert.deepEqual(all("string", "sql", sql), ["'it''s'"]);
  const yaml = "name: it's # c\nurl: 'a # b'\non: true";
  assert.deepEqual(all("comment", "yml", yaml), ["# c"]);
  assert.deepEqual(all("string", "yml", yaml), ["'a # b'"]);
  const html = '<a href="x">text if</a><!-- c -->';
  assert.deepEqual(all("keyword", "html", html), ["a", "a"]);
  assert.deepEqual(all("string", "html", html), ['"x"']);
  assert.deepEqual(all("comment", "html", html), ["<!-- c -->"]);
  assert.deepEqual(all("string", "json", '{"a": [1, "b"]}'), ['"a"', '"b"']);
});

test("a difference shows what was added and removed", () => {
  const diff = "--- a\n+++ b\n@@ -1 +1 @@\n same\n-old\n+new";
  assert.deepEqual(all("added", "diff", diff), ["+new"]);
  assert.deepEqual(all("removed", "diff", diff), ["-old\n"]);
  assert.deepEqual(all("keyword", "diff", diff), ["@@ -1 +1 @@\n"]);
});

test("what is not known stays as it is", () => {
  for (const language of ["", "klingon", "constructor", "__proto__"])
    assert.deepEqual(codeParts("if (a) return;", language), [{ kind: "", text: "if (a) return;" }]);
});

test("no letter is lost, nothing takes long, and every name is that of a language", () => {
  const odd = [
    '"',
    "'",
    "`",
    "/*",
    "//",
    "#",
    "--",
    "<!--",
    '"""',
    "\\",
    "0x",
    "=",
    "\n",
    "é",
    "가",
  ];
  for (const language of Object.keys(LANGUAGES)) {
    for (const letter of odd) {
      const text = `${letter} a1 ${letter}b ${letter.repeat(2000)}`;
      const began = process.cpuUsage().user;
      const parts = codeParts(text, language);
      assert.equal(parts.map((part) => part.text).join(""), text, language);
      assert.ok(process.cpuUsage().user - began < 1_000_000, `${language} ${letter}`);
    }
  }
  for (const [name, language] of Object.entries(NAMES)) assert.ok(language in LANGUAGES, name);
});
