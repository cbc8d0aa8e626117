/**
 * A small, safe part of Markdown, as a tree and never as HTML: code blocks, quotes, lists, tables,
 * headings, and lines with what lib/inline.js knows. What is not clearly one of these stays the text
 * that it is. Pure.
 */
import { parseInline } from "./inline.js";
import { tableAt } from "./table.js";
import { oneLine } from "./text.js";

/** @import {Inline} from "./inline.js" */
/** @import {Table} from "./table.js" */
/** @import {People} from "./mentions.js" */

/**
 * @typedef {{type: "text", children: Inline[]}|{type: "code", text: string, lang: string}
 *   |{type: "heading", level: number, children: Inline[]}|{type: "quote", blocks: Block[]}|ListBlock
 *   |Table} Block
 */
/** @typedef {{type: "list", start: number|null, items: Item[]}} ListBlock start null: not numbered */
/** @typedef {{children: Inline[], done: boolean|null, lists: ListBlock[]}} Item done null: no task */

/** Quotes in quotes, lists in lists: deeper than this they are only text. */
const DEEPEST = 4;
const FENCE = /^\s{0,3}```\s*([\w+#.-]*)\s*$/u;
/** Without the space it is a room, a number or a colour. */
const HEADING = /^(#{1,6})\s+(\S.*?)(?:\s+#+)?\s*$/u;
/** Smaller ones look alike. */
const SMALLEST = 3;
const QUOTE = /^\s{0,3}>\s?/u;
const FIRST_ITEM = /^\s{0,3}(?:[-*+•]|\d{1,9}[.)])\s+\S/u;
const ITEM = /^(\s*)(?:[-*+•]|(\d{1,9})[.)])\s+(?=\S)/u;
const TASK = /^\[([ xX])\]\s+(?=\S)/u;
/** So much of a text is read for a snippet. */
const SNIPPET = 400;
/** How much further in an item of a list in a list begins. */
const STEP = 2;

/**
 * @param {string} text
 * @param {People} [people] who may be mentioned
 * @param {number} [depth]
 * @returns {Block[]}
 */
export function parseBlocks(text, people, depth = 0) {
  const lines = text.split("\n");
  /** @type {Block[]} */
  const blocks = [];
  /** @type {string[]} */
  let plain = [];
  const flush = () => {
    const words = plain.join("\n").replace(/^(?:[ \t]*\n)+|\s+$/gu, "");
    if (words) blocks.push({ type: "text", children: parseInline(words, people) });
    plain = [];
  };
  for (let at = 0; at < lines.length;) {
    const found = blockAt(lines, at, people, depth);
    if (found) {
      flush();
      blocks.push(found.block);
      at = found.end;
    } else {
      plain.push(lines[at]);
      at += 1;
    }
  }
  flush();
  return blocks;
}

/**
 * The words alone, in one line: for snippets, quotes and notices.
 * @param {string} text
 */
export function snippet(text) {
  const cut = text.slice(0, SNIPPET);
  const fences = cut.match(/^\s{0,3}```/gmu)?.length ?? 0;
  // The end of its code block may have been cut off.
  const whole = fences % 2 && cut !== text ? `${cut}\n\`\`\`` : cut;
  return oneLine(plainText(whole));
}

/** The words alone. @param {string} text */
export function plainText(text) {
  return parseBlocks(text).map(blockText).join(" ");
}

// Internal

/**
 * What begins at a line, if it is more than text.
 * @param {string[]} lines
 * @param {number} at
 * @param {People|undefined} people
 * @param {number} depth
 * @returns {{block: Block, end: number}|null}
 */
function blockAt(lines, at, people, depth) {
  const line = lines[at];
  const heading = HEADING.exec(line);
  if (heading) {
    const level = Math.min(heading[1].length, SMALLEST);
    const children = parseInline(heading[2], people);
    return { block: { type: "heading", level, children }, end: at + 1 };
  }
  if (QUOTE.test(line) && depth < DEEPEST) return quoteAt(lines, at, people, depth);
  if (FIRST_ITEM.test(line)) return listAt(lines, at, people, 0);
  return codeAt(lines, at) ?? (line.includes("|") ? tableAt(lines, at, people) : null);
}

/** @param {string[]} lines @param {number} at @returns {{block: Block, end: number}|null} */
function codeAt(lines, at) {
  const lang = FENCE.exec(lines[at])?.[1];
  if (lang === undefined) return null;
  const end = lines.findIndex((line, index) => index > at && /^\s{0,3}```\s*$/u.test(line));
  // Without an end it is text.
  if (end < 0) return null;
  const text = lines.slice(at + 1, end).join("\n");
  return { block: { type: "code", text, lang }, end: end + 1 };
}

/**
 * @param {string[]} lines
 * @param {number} from
 * @param {People|undefined} people
 * @param {number} depth
 * @returns {{block: Block, end: number}}
 */
function quoteAt(lines, from, people, depth) {
  let end = from;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  const quoted = lines.slice(from, end).map((line) => line.replace(QUOTE, ""));
  return {
    block: { type: "quote", blocks: parseBlocks(quoted.join("\n"), people, depth + 1) },
    end,
  };
}

/**
 * The list that begins at a line, with the lists in it.
 * @param {string[]} lines
 * @param {number} from
 * @param {People|undefined} people
 * @param {number} depth
 * @returns {{block: ListBlock, end: number}}
 */
function listAt(lines, from, people, depth) {
  const first = /** @type {RegExpExecArray} */ (ITEM.exec(lines[from]));
  const number = first[2];
  /** @type {Item[]} */
  const items = [];
  let at = from;
  for (let next = ITEM.exec(lines[at]); next; next = ITEM.exec(lines[at] ?? "")) {
    const inner = next[1].length - first[1].length;
    const last = items.at(-1);
    if (last && inner >= STEP && depth < DEEPEST) {
      const { block, end } = listAt(lines, at, people, depth + 1);
      last.lists.push(block);
      at = end;
      continue;
    }
    const other = (next[2] === undefined) !== (number === undefined);
    if (last && (other || (inner < 0 && depth > 0))) break;
    items.push(itemOf(lines[at].slice(next[0].length), people));
    at += 1;
  }
  return {
    block: { type: "list", start: number === undefined ? null : Number(number), items },
    end: at,
  };
}

/** @param {string} text @param {People|undefined} people @returns {Item} */
function itemOf(text, people) {
  const task = TASK.exec(text);
  return {
    children: parseInline(task ? text.slice(task[0].length) : text, people),
    done: task ? task[1] !== " " : null,
    lists: [],
  };
}

/** @param {Block} block @returns {string} */
function blockText(block) {
  if (block.type === "code") return block.text;
  if (block.type === "quote") return block.blocks.map(blockText).join(" ");
  if (block.type === "table")
    return [block.head, ...block.rows].flat().map(words).filter(Boolean).join(" ");
  return block.type === "list" ? block.items.map(itemText).join(" ") : words(block.children);
}

/** @param {Item} item @returns {string} */
function itemText({ children, lists }) {
  return [words(children), ...lists.map(blockText)].join(" ");
}

/** @param {Inline[]} nodes @returns {string} */
function words(nodes) {
  return nodes.map((node) => ("children" in node ? words(node.children) : node.text)).join("");
}
