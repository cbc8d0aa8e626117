/** A search box: typing opens the page of results. */
import { h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { searchHash } from "../lib/route.js";

/**
 * @param {string} key a shortcut to show, "" for none
 * @param {() => string} within the room to search in, "" for all
 */
export function searchField(key, within) {
  const input = h("input", {
    type: "search",
    "aria-label": t("search.messages"),
    placeholder: t("search.placeholder"),
    enterkeyhint: "search",
    autocomplete: "off",
  });
  const form = h(
    "form",
    {
      class: "search-field",
      role: "search",
      "aria-label": t("search.messages"),
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        if (!input.value.trim()) return;
        location.hash = searchHash(input.value.trim(), within());
        input.value = "";
      },
    },
    icon("search", "small"),
    input,
    key && h("kbd", { "aria-hidden": "true" }, key),
  );
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    input.value = "";
    input.blur();
  });
  return { form, input };
}
