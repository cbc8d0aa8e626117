/** The text of a message as DOM nodes, from the tree of lib/markdown.js. */
import { h } from "../lib/dom.js";
import { parseBlocks } from "../lib/markdown.js";
import { emojiLine } from "./emoji-line.js";
import { lazy } from "./lazy.js";

/** @import {Inline} from "../lib/inline.js" */
/** @import {Block, Item, ListBlock} from "../lib/markdown.js" */
/** @import {Table} from "../lib/table.js" */
/** @import {People} from "../lib/mentions.js" */

/**
 * @param {string} text
 * @param {People} people who may be mentioned
 * @returns {(Node|string)[]}
 */
export function textNodes(text, people) {
  const blocks = parseBlocks(text, people);
  // The usual message is one paragraph; what follows it (that it was edited) stands in its line.
  if (blocks.length === 1 && blocks[0].type === "text") return blocks[0].children.map(inline);
  return blocks.map(block);
}

/** A reaction; its name stands elsewhere. @param {string} sign */
export function reactionSign(sign) {
  const props = { "aria-hidden": "true" };
  return sign.startsWith(":") ? shortName(sign, props) : h("span", props, sign);
}

/**
 * A short name becomes a picture later, if it is that of a custom emoji.
 * @param {string} text
 * @param {Record<string, string>} [props]
 */
export function shortName(text, props) {
  lazy("custom-emoji").catch(() => undefined);
  return h("custom-emoji", props, text);
}

/** A line of a message, where short names may become pictures. @param {string} text */
export function lineNodes(text) {
  const line = emojiLine(text);
  if (line.some((part) => typeof part !== "string")) lazy("custom-emoji").catch(() => undefined);
  return line;
}

// Internal

/** Each paragraph has the direction of its own letters. @param {Block} part @returns {Node} */
function block(part) {
  switch (part.type) {
    case "text":
      return h("p", { dir: "auto" }, part.children.map(inline));
    case "code":
      return code(part.text, part.lang);
    case "heading":
      return h("p", { class: `heading h${part.level}`, dir: "auto" }, part.children.map(inline));
    case "table":
      return table(part);
    case "quote":
      return h("blockquote", { dir: "auto" }, part.blocks.map(block));
    case "list":
      return list(part);
  }
}

/** Colours and a button come later, and change neither place nor size. @param {string} text @param {string} lang */
function code(text, lang) {
  lazy("code-block").catch(() => undefined);
  const pre = h("pre", { tabindex: "0", dir: "ltr" }, h("code", null, text));
  return h("code-block", { "data-lang": lang || null }, pre);
}

/** It scrolls sideways when it is wider than the message. @param {Table} part */
function table({ aligns, head, rows }) {
  const cells = (/** @type {"th"|"td"} */ tag, /** @type {Inline[][]} */ row) =>
    h(
      "tr",
      null,
      row.map((cell, index) =>
        h(tag, { dir: "auto", "data-align": aligns[index] || null }, cell.map(inline)),
      ),
    );
  return h(
    "div",
    { class: "table", tabindex: "0" },
    h(
      "table",
      null,
      h("thead", null, cells("th", head)),
      h(
        "tbody",
        null,
        rows.map((row) => cells("td", row)),
      ),
    ),
  );
}

/** @param {ListBlock} part @returns {Node} */
function list({ start, items }) {
  return h(
    start === null ? "ul" : "ol",
    start === null ? { dir: "auto" } : { start, dir: "auto" },
    items.map(item),
  );
}

/** @param {Item} part @returns {Node} */
function item({ children, done, lists }) {
  const words = children.map(inline);
  if (done === null) return h("li", { dir: "auto" }, words, lists.map(list));
  const box = h("input", { type: "checkbox", disabled: true, checked: done });
  return h(
    "li",
    { class: "task", dir: "auto" },
    h("label", null, box, " ", words),
    lists.map(list),
  );
}

/** @param {Inline} part @returns {Node|string} */
function inline(part) {
  switch (part.type) {
    case "text":
      return part.text;
    case "strong":
    case "em":
    case "del":
      return h(part.type, null, part.children.map(inline));
    case "code":
      return h("code", null, part.text);
    case "link":
      return link(part);
    case "mention":
      return h("span", { class: part.me ? "mention me" : "mention" }, part.text);
    case "emoji":
      return shortName(part.text);
  }
}

/** A link tells where it leads when its words do not. @param {{text: string, href: string}} part */
function link({ text, href }) {
  const title = text === href ? null : href;
  return h("a", { href, title, target: "_blank", rel: "noopener noreferrer" }, text);
}
