/**
 * A small, safe part of Markdown, as a tree and never as HTML: bold, italic, code, code blocks,
 * quotes, lists, links, mentions. What is not clearly one of these stays the text that it is. Pure.
 */
import { isMention, linkAt, oneLine } from "./text.js";

/**
 * @typedef {{type: "text", text: string}|{type: "strong"|"em", children: Inline[]}|{type: "code",
 *   text: string}
 *   |{type: "link", text: string, href: string}|{type: "mention", text: string, me: boolean}}
 * Inline
 */
/**
 * @typedef {{type: "text", children: Inline[]}|{type: "code", text: string}|{type: "quote", blocks:
 *   Block[]}
 *   |{type: "list", start: number|null, items: Inline[][]}} Block start null: not numbered
 */

/** Quotes in quotes, emphasis in emphasis: deeper than this it is only text. */
const DEEPEST = 4;
const FENCE = /^\s{0,3}```\s*[\w+#.-]*\s*$/u;
const QUOTE = /^\s{0,3}>\s?/u;
const ITEM = /^\s{0,3}(?:[-*+•]|(\d{1,9})[.)])\s+(?=\S)/u;
/**
 * A mark beside one of these is part of a word or a formula: 2*3*4, snake_case. Scripts without
 * spaces are not like that.
 */
const WORDY = { "*": /[\p{N}\p{Script=Latin}\p{Script=Cyrillic}]/u, _: /[\p{L}\p{N}_]/u };
const MENTION = /^@[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}_.-]*[\p{L}\p{M}\p{N}_])?/u;

/**
 * @param {string} text
 * @param {string} [me] my login name, for mentions of me
 * @param {number} [depth]
 * @returns {Block[]}
 */
export function parseBlocks(text, me = "", depth = 0) {
  const lines = text.split("\n");
  /** @type {Block[]} */
  const blocks = [];
  /** @type {string[]} */
  let plain = [];
  const flush = () => {
    const words = plain.join("\n").replace(/^(?:[ \t]*\n)+|\s+$/gu, "");
    if (words) blocks.push({ type: "text", children: parseInline(words, me) });
    plain = [];
  };
  for (let at = 0; at < lines.length;) {
    const line = lines[at];
    const item = ITEM.exec(line);
    const end = FENCE.test(line)
      ? lines.findIndex((other, index) => index > at && /^\s{0,3}```\s*$/u.test(other))
      : -1;
    if (end > at) {
      flush();
      blocks.push({ type: "code", text: lines.slice(at + 1, end).join("\n") });
      at = end + 1;
    } else if (QUOTE.test(line) && depth < DEEPEST) {
      flush();
      const from = at;
      while (at < lines.length && QUOTE.test(lines[at])) at += 1;
      blocks.push({
        type: "quote",
        blocks: parseBlocks(
          lines
            .slice(from, at)
            .map((quoted) => quoted.replace(QUOTE, ""))
            .join("\n"),
          me,
          depth + 1,
        ),
      });
    } else if (item) {
      flush();
      const start = item[1] === undefined ? null : Number(item[1]);
      /** @type {Inline[][]} */
      const items = [];
      for (
        let next = ITEM.exec(lines[at]);
        next && (next[1] === undefined) === (start === null);
        next = ITEM.exec(lines[at] ?? "")
      ) {
        items.push(parseInline(lines[at].slice(next[0].length), me));
        at += 1;
      }
      blocks.push({ type: "list", start, items });
    } else {
      plain.push(line);
      at += 1;
    }
  }
  flush();
  return blocks;
}

/**
 * @param {string} text
 * @param {string} [me]
 * @param {number} [depth]
 * @returns {Inline[]}
 */
export function parseInline(text, me = "", depth = 0) {
  /** @type {Inline[]} */
  const nodes = [];
  let said = "";
  const push = (/** @type {Inline} */ node) => {
    if (said) nodes.push({ type: "text", text: said });
    said = "";
    nodes.push(node);
  };
  /** Marks that nothing closes any more: they are not looked for again. @type {Set<string>} */
  const open = new Set();
  for (let at = 0; at < text.length;) {
    const char = text[at];
    const found = nodeAt(text, at, me, depth, open);
    if (found) {
      push(found.node);
      at = found.end;
    } else {
      // A run of marks that is nothing is skipped as a whole.
      const run = char === "`" || char === "*" || char === "_" ? runAt(text, at) : 1;
      said += text.slice(at, at + run);
      at += run;
    }
  }
  if (said) nodes.push({ type: "text", text: said });
  return nodes;
}

/**
 * What begins at this character, if it is not plain text.
 * @param {string} text
 * @param {number} at
 * @param {string} me
 * @param {number} depth
 * @param {Set<string>} open
 */
function nodeAt(text, at, me, depth, open) {
  switch (text[at]) {
    case "`":
      return codeAt(text, at, open);
    case "@":
      return mentionAt(text, at, me);
    case "h":
    case "H":
      return plainLink(text, at);
    case "*":
    case "_":
      if (text[at - 1] === text[at] || depth >= DEEPEST) return null;
      return emphasisAt(text, at, me, depth, open);
    default:
      return null;
  }
}

/**
 * The words alone, in one line: for snippets, quotes and notices.
 * @param {string} text
 */
export function snippet(text) {
  return oneLine(parseBlocks(text.slice(0, 400)).map(blockText).join(" "));
}

// Internal

/** @param {Block} block @returns {string} */
function blockText(block) {
  if (block.type === "code") return block.text;
  if (block.type === "quote") return block.blocks.map(blockText).join(" ");
  return block.type === "list" ? block.items.map(words).join(" ") : words(block.children);
}

/** @param {Inline[]} nodes @returns {string} */
function words(nodes) {
  return nodes.map((node) => ("children" in node ? words(node.children) : node.text)).join("");
}

/** @typedef {{node: Inline, end: number}|null} Found */

/** How often the letter at a place is repeated. @param {string} text @param {number} at */
function runAt(text, at) {
  let end = at + 1;
  while (text[end] === text[at]) end += 1;
  return end - at;
}

/** @param {string} text @param {number} at @param {Set<string>} open @returns {Found} */
function codeAt(text, at, open) {
  const mark = "`".repeat(runAt(text, at));
  if (open.has(mark)) return null;
  for (let end = text.indexOf(mark, at + mark.length); end >= 0; end = text.indexOf(mark, end)) {
    const run = runAt(text, end);
    const inside = text.slice(at + mark.length, end);
    if (run === mark.length && inside.trim())
      return { node: { type: "code", text: inside.replace(/^ (.*) $/su, "$1") }, end: end + run };
    end += run;
  }
  open.add(mark);
  return null;
}

/** @param {string} text @param {number} at @param {string} me @returns {Found} */
function mentionAt(text, at, me) {
  if (/[\p{L}\p{N}_]$/u.test(text.slice(Math.max(0, at - 2), at))) return null;
  const match = MENTION.exec(text.slice(at, at + 80));
  return (
    match && {
      node: { type: "mention", text: match[0], me: isMention(match[0], me) },
      end: at + match[0].length,
    }
  );
}

/** @param {string} text @param {number} at @returns {Found} */
function plainLink(text, at) {
  const link = linkAt(text, at);
  return (
    link && { node: { type: "link", text: link.text, href: link.href }, end: at + link.text.length }
  );
}

/**
 * @param {string} text
 * @param {number} at
 * @param {string} me
 * @param {number} depth
 * @param {Set<string>} open
 * @returns {Found}
 */
function emphasisAt(text, at, me, depth, open) {
  const char = /** @type {"*"|"_"} */ (text[at]);
  const size = runAt(text, at);
  const mark = char.repeat(size);
  if (
    size > 3 ||
    open.has(mark) ||
    !/\S/u.test(text[at + size] ?? " ") ||
    WORDY[char].test(letterBefore(text, at))
  )
    return null;
  for (let end = text.indexOf(mark, at + size); end >= 0; end = text.indexOf(mark, end)) {
    const run = runAt(text, end);
    if (run === size && /\S/u.test(text[end - 1]) && !WORDY[char].test(letterAt(text, end + run))) {
      const children = parseInline(text.slice(at + size, end), me, depth + 1);
      return {
        node:
          size === 1
            ? { type: "em", children }
            : { type: "strong", children: size === 3 ? [{ type: "em", children }] : children },
        end: end + run,
      };
    }
    end += run;
  }
  open.add(mark);
  return null;
}

/** @param {string} text @param {number} at */
function letterBefore(text, at) {
  return [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? "";
}

/** @param {string} text @param {number} at */
function letterAt(text, at) {
  return String.fromCodePoint(text.codePointAt(at) ?? 32);
}
