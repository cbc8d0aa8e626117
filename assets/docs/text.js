/** Text of the description: parts between back quotes are shown as code. */
import { h } from "../js/lib/dom.js";

/**
 * @param {string} text
 * @returns {(Node|string)[]}
 */
export function inline(text) {
  return text.split("`").map((part, index) => (index % 2 ? h("code", null, part) : part));
}

/**
 * @param {string|undefined} text
 * @returns {HTMLElement|null}
 */
export function paragraph(text) {
  return text ? h("p", { class: "text" }, ...inline(text)) : null;
}

/**
 * Everything of a value that can be searched for.
 * @param {any} value
 * @returns {string}
 */
export function words(value) {
  if (Array.isArray(value)) return value.map(words).join(" ");
  if (value && typeof value === "object")
    return Object.entries(value)
      .map(([key, part]) => `${key} ${words(part)}`)
      .join(" ");
  return String(value ?? "");
}
