/**
 * What stands in a line of the small part of Markdown: bold, italic, struck out, code, links,
 * mentions, short names of custom emoji. What is not clearly one of these stays the text that it is.
 * Pure.
 */
import { mentionAt, sameName } from "./mentions.js";
import { linkAt } from "./text.js";

/** @import {People} from "./mentions.js" */

/**
 * @typedef {{type: "text", text: string}|{type: "strong"|"em"|"del", children: Inline[]}
 *   |{type: "code", text: string}|{type: "link", text: string, href: string}
 *   |{type: "mention", text: string, me: boolean}|{type: "emoji", text: string}} Inline an emoji is
 *   a short name with its colons, of which the server may know nothing
 */

/** Emphasis in emphasis: deeper than this it is only text. */
const DEEPEST = 4;
/** @type {People} */
const NOBODY = { me: "", knows: () => false };
/**
 * A mark beside one of these is part of a word or a formula: 2*3*4, snake_case. Scripts without
 * spaces are not like that.
 */
const WORDY = {
  "*": /[\p{N}\p{Script=Latin}\p{Script=Cyrillic}]/u,
  _: /[\p{L}\p{N}_]/u,
  "~": /[\p{N}\p{Script=Latin}\p{Script=Cyrillic}]/u,
};
/** With both colons. */
const LONGEST_NAME = 66;
const SHORT_NAME = /^:[a-z\d_+-]{2,64}:/u;
const SHORT_NAME_BEFORE = /:[a-z\d_+-]{2,64}:$/u;
const LONGEST_WORDS = 400;
const WORDS = /^\[([^[\]\n]+)\](?=\()/u;
/** The address may hold brackets in pairs, and a title, which is not shown, may follow. */
const ADDRESS = /^\(\s*<?((?:[^\s()<>]|\([^\s()<>]*\))+)>?(?:\s+"[^"\n]*")?\s*\)/u;
/** Words that look like an address, and the host that they name. */
const NAMED =
  /^(?:[a-z][a-z\d+.-]*:\/\/)?([\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,})(?:[/:?#]\S*)?$/iu;

/**
 * @param {string} text
 * @param {People} [people] who may be mentioned
 * @param {number} [depth]
 * @returns {Inline[]}
 */
export function parseInline(text, people = NOBODY, depth = 0) {
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
    const found = nodeAt(text, at, people, depth, open);
    if (found) {
      push(found.node);
      at = found.end;
    } else {
      // A run of marks that is nothing is skipped as a whole.
      const run = "`*_~".includes(char) ? runAt(text, at) : 1;
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
 * @param {People} people
 * @param {number} depth
 * @param {Set<string>} open
 * @returns {Found}
 */
function nodeAt(text, at, people, depth, open) {
  switch (text[at]) {
    case "`":
      return codeAt(text, at, open);
    case "@":
      return mentionNode(text, at, people);
    case ":":
      return emojiAt(text, at);
    case "h":
    case "H":
      return plainLink(text, at);
    case "<": {
      // A link without a preview.
      const link = plainLink(text, at + 1);
      return link && text[link.end] === ">" ? { ...link, end: link.end + 1 } : null;
    }
    case "[":
      return linkNode(text, at);
    case "!":
      return text[at + 1] === "[" ? linkNode(text, at + 1) : null;
    case "*":
    case "_":
    case "~":
      if (text[at - 1] === text[at] || depth >= DEEPEST) return null;
      return emphasisAt(text, at, people, depth, open);
    default:
      return null;
  }
}

// Internal

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

/** @param {string} text @param {number} at @param {People} people @returns {Found} */
function mentionNode(text, at, { me, knows }) {
  const login = mentionAt(text, at, knows);
  if (!login) return null;
  const node = /** @type {const} */ ({
    type: "mention",
    text: `@${login}`,
    me: sameName(login, me),
  });
  return { node, end: at + node.text.length };
}

/**
 * Not in a word, in a time or in a path; behind another one it may stand.
 * @param {string} text
 * @param {number} at
 * @returns {Found}
 */
function emojiAt(text, at) {
  const name = SHORT_NAME.exec(text.slice(at, at + LONGEST_NAME))?.[0];
  const isInWord =
    /[A-Za-z\d:]/u.test(text[at - 1] ?? "") &&
    !SHORT_NAME_BEFORE.test(text.slice(Math.max(0, at - LONGEST_NAME), at));
  return name && !isInWord ? { node: { type: "emoji", text: name }, end: at + name.length } : null;
}

/**
 * `[words](address)`; an image, which is not shown here, is a link too.
 * @param {string} text
 * @param {number} bracket where it opens
 * @returns {Found}
 */
function linkNode(text, bracket) {
  const words = WORDS.exec(text.slice(bracket, bracket + LONGEST_WORDS));
  if (!words?.[1].trim()) return null;
  const address = ADDRESS.exec(text.slice(bracket + words[0].length));
  const href = address && safeAddress(address[1]);
  if (!href || misleads(words[1], href)) return null;
  return {
    node: { type: "link", text: words[1].trim(), href },
    end: bracket + words[0].length + address[0].length,
  };
}

/** @param {string} address @returns {string} "" when it may not be followed */
function safeAddress(address) {
  if (!URL.canParse(address)) return "";
  const { protocol, hostname, pathname, href } = new URL(address);
  if (protocol === "mailto:") return /^[^@]+@[^@]+$/u.test(pathname) ? href : "";
  return (protocol === "http:" || protocol === "https:") && hostname ? href : "";
}

/** Do the words name another place than the link leads to? @param {string} words @param {string} href */
function misleads(words, href) {
  const named = NAMED.exec(words.trim())?.[1];
  return named !== undefined && new URL(href).hostname !== named.toLowerCase();
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
 * @param {People} people
 * @param {number} depth
 * @param {Set<string>} open
 * @returns {Found}
 */
function emphasisAt(text, at, people, depth, open) {
  const char = /** @type {"*"|"_"|"~"} */ (text[at]);
  const size = runAt(text, at);
  const mark = char.repeat(size);
  if (
    (char === "~" ? size !== 2 : size > 3) ||
    open.has(mark) ||
    !/\S/u.test(text[at + size] ?? " ") ||
    WORDY[char].test(letterBefore(text, at))
  )
    return null;
  for (let end = text.indexOf(mark, at + size); end >= 0; end = text.indexOf(mark, end)) {
    const run = runAt(text, end);
    if (run === size && /\S/u.test(text[end - 1]) && !WORDY[char].test(letterAt(text, end + run))) {
      const children = parseInline(text.slice(at + size, end), people, depth + 1);
      return { node: emphasis(char === "~" ? "del" : size, children), end: end + run };
    }
    end += run;
  }
  open.add(mark);
  return null;
}

/** @param {number|"del"} kind @param {Inline[]} children @returns {Inline} */
function emphasis(kind, children) {
  if (kind === "del") return { type: "del", children };
  if (kind === 1) return { type: "em", children };
  return { type: "strong", children: kind === 3 ? [{ type: "em", children }] : children };
}

/** @param {string} text @param {number} at */
function letterBefore(text, at) {
  return [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? "";
}

/** @param {string} text @param {number} at */
function letterAt(text, at) {
  return String.fromCodePoint(text.codePointAt(at) ?? 32);
}
