/** The emoji of a status, beside a name. */
import { h } from "../lib/dom.js";
import { lasting, statusText } from "../lib/status.js";

/** @import {Status} from "../types-own.js" */

/**
 * @param {Status|null|undefined} status
 * @returns {(HTMLElement|string)[]} with the space before it; empty without an emoji
 */
export function statusMark(status) {
  const shown = lasting(status);
  if (!shown?.emoji) return [];
  const text = statusText(shown);
  return [
    " ",
    h("span", { class: "status", role: "img", "aria-label": text, title: text }, shown.emoji),
  ];
}
