/** The text of a message as DOM nodes, from the tree of lib/markdown.js. */
import { h } from "../lib/dom.js";
import { parseBlocks } from "../lib/markdown.js";

/** @import {Block, Inline} from "../lib/markdown.js" */

/**
 * @param {string} text
 * @param {string} me my login name
 * @returns {(Node|string)[]}
 */
export function textNodes(text, me) {
  const blocks = parseBlocks(text, me);
  // The usual message is one paragraph; what follows it (that it was edited) stands in its line.
  if (blocks.length === 1 && blocks[0].type === "text") return blocks[0].children.map(inline);
  return blocks.map(block);
}

// Internal

/** @param {Block} part @returns {Node} */
function block(part) {
  switch (part.type) {
    case "text":
      return h("p", null, part.children.map(inline));
    case "code":
      return h("pre", { tabindex: "0", dir: "ltr" }, h("code", null, part.text));
    case "quote":
      return h("blockquote", null, part.blocks.map(block));
    case "list":
      return h(
        part.start === null ? "ul" : "ol",
        part.start === null ? null : { start: part.start },
        part.items.map((item) => h("li", null, item.map(inline))),
      );
  }
}

/** @param {Inline} part @returns {Node|string} */
function inline(part) {
  switch (part.type) {
    case "text":
      return part.text;
    case "strong":
      return h("strong", null, part.children.map(inline));
    case "em":
      return h("em", null, part.children.map(inline));
    case "code":
      return h("code", null, part.text);
    case "link":
      return h("a", { href: part.href, target: "_blank", rel: "noopener noreferrer" }, part.text);
    case "mention":
      return h("span", { class: part.me ? "mention me" : "mention" }, part.text);
  }
}
