/** The small part of Markdown: what it is, and above all what it is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseInline } from "../../assets/js/lib/inline.js";
import { folded } from "../../assets/js/lib/mentions.js";
import { parseBlocks, snippet } from "../../assets/js/lib/markdown.js";

const inline = (nodes) =>
  nodes
    .map((node) => {
      if (node.type === "text") return node.text;
      if (node.type === "strong") return `<b>${inline(node.children)}</b>`;
      if (node.type === "em") return `<i>${inline(node.children)}</i>`;
      if (node.type === "del") return `<s>${inline(node.children)}</s>`;
      if (node.type === "code") return `<c>${node.text}</c>`;
      if (node.type === "link") return `<a>${node.text}</a>`;
      return `<@${node.me ? "me" : ""}>${node.text}</@>`;
    })
    .join("");
const PEOPLE = ["alice", "bob", "bob.lee", "민지", "김민", "o'neill", "田中", "josé"].map(folded);
const people = { me: "alice", knows: (login) => PEOPLE.includes(folded(login)) };
const line = (text) => inline(parseInline(text, people));
const item = ({ children, done, lists }) =>
  (done === null ? "" : `[${done ? "x" : " "}] `) +
  [inline(children), ...lists.map(show)].join(" ");
const blocks = (text) => parseBlocks(text, people).map(show).join(" ");
function show(block) {
  if (block.type === "text") return `p(${inline(block.children)})`;
  if (block.type === "code") return `pre(${block.text})`;
  if (block.type === "heading") return `h${block.level}(${inline(block.children)})`;
  if (block.type === "table")
    return `table(${[block.head, ...block.rows].map((row) => row.map(inline).join("|")).join("/")})`;
  if (block.type === "quote") return `q(${block.blocks.map(show).join(" ")})`;
  return `${block.start === null ? "ul" : `ol${block.start}`}(${block.items.map(item).join("|")})`;
}
const plain = (nodes) => nodes.map((node) => node.text ?? plain(node.children)).join("");

test("bold, italic and code", () => {
  assert.equal(line("a **b c** d"), "a <b>b c</b> d");
  assert.equal(line("*a* _b_ __c__ ***d***"), "<i>a</i> <i>b</i> <b>c</b> <b><i>d</i></b>");
  assert.equal(line("**bold and *both* of it**"), "<b>bold and <i>both</i> of it</b>");
  assert.equal(line("use `a*b*c` and ``x`y``"), "use <c>a*b*c</c> and <c>x`y</c>");
  assert.equal(line('(*a*), "**b**"!'), '(<i>a</i>), "<b>b</b>"!');
});

test("a link in angle brackets is shown without them", () => {
  assert.equal(line("see <https://a.b/c>, yes"), "see <a>https://a.b/c</a>, yes");
  assert.equal(line("(<HTTPS://a.b>)"), "(<a>HTTPS://a.b</a>)");
  assert.equal(line("[words](<https://a.b/c>)"), "<a>words</a>");
  for (const text of ["<https://>", "<a@b.c>", "<b>", "<", "<>", "a < b > c"])
    assert.equal(line(text), text);
  assert.equal(line("<https://a.b c>"), "<<a>https://a.b</a> c>");
  assert.equal(line("<https://a.b.>"), "<<a>https://a.b</a>.>");
  assert.equal(snippet("<https://a.b/c>"), "https://a.b/c");
});

test("scripts without spaces have emphasis within the line, words with endings too", () => {
  assert.equal(line("我**很**好"), "我<b>很</b>好");
  assert.equal(line("**굵게**는 이렇게"), "<b>굵게</b>는 이렇게");
});

test("what is part of a word or a formula stays text", () => {
  for (const text of [
    "2*3*4",
    "2**3**4",
    "snake_case_name",
    "a * b * c",
    "** x **",
    "*",
    "**",
    "_ _",
    "5 * 3",
    "*open",
    "a**b",
    "`",
    "``",
    "` `",
    "****",
  ])
    assert.equal(line(text), text);
});

test("links, also in emphasis and with marks in them", () => {
  assert.equal(
    line("see https://example.org/a_b_c*d and go"),
    "see <a>https://example.org/a_b_c*d</a> and go",
  );
  assert.equal(line("**https://example.org**"), "<b><a>https://example.org</a></b>");
  assert.equal(line("xhttps://example.org"), "x<a>https://example.org</a>");
  assert.equal(line("javascript:alert(1) hello http://"), "javascript:alert(1) hello http://");
  assert.equal(line("`https://example.org`"), "<c>https://example.org</c>");
});

test("links have words of their own, and lead only where it is safe", () => {
  const href = (text) => parseInline(text).find((node) => node.type === "link")?.href;
  assert.equal(line("see [the page](https://example.org/a) now"), "see <a>the page</a> now");
  assert.equal(href("[w](https://en.org/a_(b)_c)"), "https://en.org/a_(b)_c");
  assert.equal(href('[w](<http://example.org> "A title")'), "http://example.org/");
  assert.equal(line("**[w](mailto:ann@example.org)**"), "<b><a>w</a></b>");
  assert.equal(line("![a cat](https://example.org/cat.png)!"), "<a>a cat</a>!");
  assert.equal(line("[example.org](https://example.org/x)"), "<a>example.org</a>");
  for (const text of [
    "[w](javascript:alert(1))",
    "[w](data:text/html,x)",
    "[w](//example.org)",
    "[w](page)",
    "[w]()",
    "[w] (x)",
    "[ ](https-x:)",
    "[w](mailto:)",
    "[w](http://)",
    "a[0](1)",
    "[x]",
  ])
    assert.equal(line(text), text);
  for (const words of ["https://bank.example", "bank.example/login", "BANK.example"])
    assert.match(line(`[${words}](https://evil.example)`), /^\[/, words);
});

test("what is struck out", () => {
  assert.equal(line("~~a *b*~~ c"), "<s>a <i>b</i></s> c");
  for (const text of ["~a~", "~~~a~~~", "~~ a~~", "a~~b", "~~"]) assert.equal(line(text), text);
});

test("a mention is the longest name of a participant, and nothing else looks like one", () => {
  assert.equal(line("@here @all @channel @nobody"), "@here @all @channel @nobody");
  assert.equal(line("@bob.lee @bob. @bob's"), "<@>@bob.lee</@> <@>@bob</@>. <@>@bob</@>'s");
  assert.equal(line("@bobby @bob2 x@bob"), "@bobby @bob2 x@bob");
  assert.equal(line("@o'neill's (@bob)"), "<@>@o'neill</@>'s (<@>@bob</@>)");
  assert.equal(line("@김민지님 @田中さん"), "<@>@김민</@>지님 <@>@田中</@>さん");
  assert.equal(line("@JOSE\u0301 @jose"), "<@>@JOSE\u0301</@> @jose");
});

test("mentions are whole words; mine is marked", () => {
  assert.equal(line("@Alice, @bob. me@alice.org"), "<@me>@Alice</@>, <@>@bob</@>. me@alice.org");
  assert.equal(line("(@민지) **@alice**"), "(<@>@민지</@>) <b><@me>@alice</@></b>");
  assert.equal(line("`@alice` @ @-"), "<c>@alice</c> @ @-");
});

test("code blocks keep every letter; one that is not closed is text", () => {
  assert.equal(
    blocks("look:\n```rust\nfn **a**() {\n\n  > b }\n```\ndone"),
    "p(look:) pre(fn **a**() {\n\n  > b }) p(done)",
  );
  assert.equal(blocks("```\nopen"), "p(```\nopen)");
  assert.equal(blocks("```a```"), "p(<c>a</c>)");
});

test("a code block keeps the name of its language", () => {
  const langs = (text) => parseBlocks(text).map((block) => block.lang);
  assert.deepEqual(langs("```c++\nx\n```"), ["c++"]);
  assert.deepEqual(langs("``` js \nx\n```\n```\ny\n```"), ["js", ""]);
});

test("headings are lines after one to six signs and a space", () => {
  assert.equal(blocks("# One **b**\ntext\n### Three ###"), "h1(One <b>b</b>) p(text) h3(Three)");
  assert.equal(blocks("###### six"), "h3(six)");
  assert.equal(blocks("#room #1\n#\n####### seven"), "p(#room #1\n#\n####### seven)");
  assert.equal(blocks("> # quoted"), "q(h1(quoted))");
});

test("tables are lines of cells below which dashes stand", () => {
  assert.equal(
    blocks("| a | **b** |\n|---|:-:|\n| 1 | @bob |\n| 2 |\nafter"),
    "table(a|<b>b</b>/1|<@>@bob</@>/2|) p(after)",
  );
  assert.equal(blocks("a | b\n-|-\n1 | 2 | 3"), "table(a|b/1|2)");
  assert.equal(blocks("|a|\n|-|\n||"), "table(a/)");
  assert.equal(
    blocks("|a|b|\n|-|-|\n|x \\| y|`p|q`|\n|open ` code|z|"),
    "table(a|b/x | y|<c>p|q</c>/open ` code|z)",
  );
  const { aligns } = parseBlocks("|a|b|c|d|\n|-|:-|:-:|-:|")[0];
  assert.deepEqual(aligns, ["", "", "center", "right"]);
  // Neither a choice between two things nor a line below a title.
  assert.equal(blocks("yes | no"), "p(yes | no)");
  assert.equal(blocks("a | b\n---"), "p(a | b\n---)");
  assert.equal(blocks("a | b\n|-|"), "p(a | b\n|-|)");
});

test("quotes and lists", () => {
  assert.equal(blocks("> a\n> **b**\nc"), "q(p(a\n<b>b</b>)) p(c)");
  assert.equal(blocks(">> deep\n> - x"), "q(q(p(deep)) ul(x))");
  assert.equal(blocks("- a\n* *b*\n1. c\n2) d\n\ne"), "ul(a|<i>b</i>) ol1(c|d) p(e)");
  assert.equal(blocks("7. seven"), "ol7(seven)");
  assert.equal(blocks("- a\n  - b\n    1. c\n  - d\n- e"), "ul(a ul(b ol1(c)|d)|e)");
  assert.equal(blocks("1. a\n   - b\n2. c"), "ol1(a ul(b)|c)");
  assert.equal(blocks("  - a\n- b"), "ul(a|b)");
  assert.equal(blocks("- [ ] a\n- [x] b\n- [X]"), "ul([ ] a|[x] b|[X])");
  assert.equal(blocks("-a\n-- b\n1.c"), "p(-a\n-- b\n1.c)");
});

test("line breaks and empty lines between words stay", () => {
  assert.equal(blocks("a\n\n  b\nc"), "p(a\n\n  b\nc)");
  assert.deepEqual(parseBlocks(""), []);
});

test("nothing that was written is lost, and nothing takes long", () => {
  const marks = ["*", "**", "_", "`", "a", " ", "@", "https://x.y", "가", "🙂", "***"];
  let seed = 7;
  const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648);
  for (let round = 0; round < 500; round += 1) {
    const text = Array.from({ length: 1 + (next() % 24) }, () => marks[next() % marks.length]).join(
      "",
    );
    const kept = (value) => value.replace(/[*_` ]/g, "");
    assert.equal(kept(plain(parseInline(text))), kept(text), text);
  }
  for (const text of [
    "*a ".repeat(1300),
    "**a".repeat(1300),
    "`".repeat(4000),
    "_a_ ".repeat(1000),
    "> ".repeat(2000),
    "*".repeat(4000),
    "~~a ".repeat(1000),
    "[a](".repeat(1000),
    "[".repeat(4000),
    `[${" ".repeat(3000)}`,
    "- ".repeat(2000),
    Array.from({ length: 80 }, (_, n) => `${" ".repeat(n)}- a`).join("\n"),
    "@a".repeat(2000),
    "a*`_".repeat(1000),
    `|${"a|".repeat(2000)}`,
    `a|b\n${"-|".repeat(2000)}-`,
    "|`".repeat(2000),
    "a|b\n".repeat(1000),
    "# ".repeat(2000),
    "```\n".repeat(999),
  ]) {
    parseBlocks(text);
  }
});

test("a snippet has the words and not the marks", () => {
  assert.equal(
    snippet("**bold** and `code`\n> quoted\n- one\n- [x]\n```\nfn a()\n```"),
    "bold and code quoted one [x] fn a()",
  );
  assert.equal(snippet("# Plan\n| a | b |\n|-|-|\n| 1 | `2` |"), "Plan a b 1 2");
  assert.equal(snippet("a".repeat(999)).length, 200);
  assert.equal(snippet(`\`\`\`js\n${"code ".repeat(200)}\n\`\`\``).slice(0, 9), "code code");
  assert.equal(snippet("```\nno end"), "``` no end");
});

test("a short name of an emoji stands apart, except in words, times, paths and code", () => {
  const kinds = (text) => parseInline(text).map(({ type, text: said }) => [type, said]);
  assert.deepEqual(kinds("hi :party_parrot:!"), [
    ["text", "hi "],
    ["emoji", ":party_parrot:"],
    ["text", "!"],
  ]);
  assert.deepEqual(kinds(":a1::b-2:안녕:c+:"), [
    ["emoji", ":a1:"],
    ["emoji", ":b-2:"],
    ["text", "안녕"],
    ["emoji", ":c+:"],
  ]);
  assert.deepEqual(kinds(":_odd_name_:"), [["emoji", ":_odd_name_:"]]);
  for (const text of ["at 10:30:45", "std::fmt::Display", "a:b1:c", ":x:", ":Up:", ": no :", "::"])
    assert.deepEqual(kinds(text), [["text", text]]);
  assert.deepEqual(kinds("`:code:`"), [["code", ":code:"]]);
  assert.equal(snippet("**see :logo:**"), "see :logo:");
});
