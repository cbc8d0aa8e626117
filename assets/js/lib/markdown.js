/**
 * A small, safe part of Markdown, as a tree and never as HTML: code blocks, quotes, lists, and lines
 * with what lib/inline.js knows. What is not clearly one of these stays the text that it is. Pure.
 */
import { parseInline } from "./inline.js";
import { oneLine } from "./text.js";

/** @import {Inline} from "./inline.js" */
/** @import {People} from "./mentions.js" */

/**
 * @typedef {{type: "text", children: Inline[]}|{type: "code", text: string}
 *   |{type: "quote", blocks: Block[]}|ListBlock} Block
 */
/** @typedef {{type: "list", start: number|null, items: Item[]}} ListBlock start null: not numbered */
/** @typedef {{children: Inline[], done: boolean|null, lists: ListBlock[]}} Item done null: no task */

/** Quotes in quotes, lists in lists: deeper than this they are only text. */
const DEEPEST = 4;
const FENCE = /^\s{0,3}```\s*[\w+#.-]*\s*$/u;
const QUOTE = /^\s{0,3}>\s?/u;
const FIRST_ITEM = /^\s{0,3}(?:[-*+•]|\d{1,9}[.)])\s+\S/u;
const ITEM = /^(\s*)(?:[-*+•]|(\d{1,9})[.)])\s+(?=\S)/u;
const TASK = /^\[([ xX])\]\s+(?=\S)/u;
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
    const line = lines[at];
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
          people,
          depth + 1,
        ),
      });
    } else if (FIRST_ITEM.test(line)) {
      flush();
      const list = listAt(lines, at, people, 0);
      blocks.push(list.block);
      at = list.end;
    } else {
      plain.push(line);
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
  return oneLine(parseBlocks(text.slice(0, 400)).map(blockText).join(" "));
}

// Internal

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
