/** The page of those who are not signed in: the server above, and a card below it. */
import { h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";

/** @param {HTMLElement} title @param {HTMLElement} card */
export function sheet(title, card) {
  return h(
    "main",
    { class: "sheet" },
    h(
      "div",
      { class: "brand" },
      h("span", { class: "logo" }, icon("logo")),
      title,
      h("p", null, location.host),
    ),
    card,
  );
}
