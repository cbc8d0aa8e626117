/** The heading of a section in the list of rooms, which folds it. */
import { h, set } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

/** @import {SectionRow} from "../state/sections.js" */

/** @returns {HTMLLIElement} */
export function makeSection() {
  return h("li", { class: "section" }, h("button", { type: "button", tabindex: "-1" }));
}

/** @param {HTMLElement} node @param {SectionRow} row */
export function changeSection(node, { section, folded }) {
  const button = /** @type {HTMLElement} */ (node.firstElementChild);
  set(button, { "data-section": section, "aria-expanded": String(!folded) });
  const label = t(`section.${section}`);
  if (button.textContent !== label) button.textContent = label;
}
