/** Tables in a message: lines of cells between bars, the second of dashes. Pure. */
import { parseInline } from "./inline.js";

/** @import {Inline} from "./inline.js" */
/** @import {People} from "./mentions.js" */
/** @typedef {""|"center"|"right"} Align */
/** @typedef {{type: "table", aligns: Align[], head: Inline[][], rows: Inline[][][]}} Table */

const RULE = /^\s{0,3}\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/u;
/** More columns than this are no table that could be read. */
const MOST = 20;

/**
 * The table that begins at a line.
 * @param {string[]} lines
 * @param {number} from
 * @param {People|undefined} people
 * @returns {{block: Table, end: number}|null}
 */
export function tableAt(lines, from, people) {
  const rule = lines[from + 1] ?? "";
  if (!rule.includes("|") || !RULE.test(rule)) return null;
  const head = cellsOf(lines[from]);
  const dashes = cellsOf(rule);
  if (head.length !== dashes.length || head.length > MOST) return null;
  const read = (/** @type {string[]} */ cells) =>
    // Every row is as long as the first one.
    head.map((_, index) => parseInline(cells[index] ?? "", people));
  let end = from + 2;
  while (lines[end]?.includes("|") && lines[end].trim()) end += 1;
  return {
    block: {
      type: "table",
      aligns: dashes.map(alignOf),
      head: read(head),
      rows: lines.slice(from + 2, end).map((line) => read(cellsOf(line))),
    },
    end,
  };
}

// Internal

/**
 * A bar after a backslash, or in code, is a letter of its cell.
 * @param {string} line
 * @returns {string[]}
 */
function cellsOf(line) {
  const inner = line.trim().replace(/^\|/u, "");
  const cells = [""];
  let code = false;
  for (let at = 0; at < inner.length; at += 1) {
    const letter = inner[at];
    const escaped = letter === "\\" && inner[at + 1] === "|";
    if (letter === "`") code = !code && inner.includes("`", at + 1);
    if (letter === "|" && !code) cells.push("");
    else cells.push(`${cells.pop()}${escaped ? "|" : letter}`);
    if (escaped) at += 1;
  }
  // The bar at the end is no cell.
  if (cells.length > 1 && !cells.at(-1)?.trim()) cells.pop();
  return cells.map((cell) => cell.trim());
}

/** @param {string} dashes @returns {Align} */
function alignOf(dashes) {
  if (!dashes.endsWith(":")) return "";
  return dashes.startsWith(":") ? "center" : "right";
}
