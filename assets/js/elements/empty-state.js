/** Nothing here yet: what this place is for, and the next step. */
import { fill, h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";

/**
 * @param {object} what
 * @param {string} what.picture
 * @param {string} what.title
 * @param {string} [what.text]
 * @param {Node[]} [what.actions]
 * @param {"h1"|"h2"} [what.heading] h1: it is all that the page has
 */
export function emptyState({ picture, title, text, actions = [], heading = "h2" }) {
  return fill(
    document.createElement("empty-state"),
    h("span", { class: "tile" }, icon(picture)),
    h(heading, null, title),
    text && h("p", null, text),
    actions.length > 0 && h("div", { class: "wrap" }, actions),
  );
}

/**
 * Shows it at the end of an element; nothing changes while it is the same.
 * @param {Element} parent
 * @param {Element|null} empty null: there is something
 */
export function showEmpty(parent, empty) {
  const last = parent.lastElementChild;
  const shown = last?.localName === "empty-state" ? last : null;
  if (!empty) shown?.remove();
  else if (!shown) parent.append(empty);
  else if (shown.textContent !== empty.textContent) shown.replaceWith(empty);
}
