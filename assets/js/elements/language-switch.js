/** The languages, below the sheet of a page without an account. Emits `language-choose`. */
import { emit, h } from "../lib/dom.js";
import { lang, LANGUAGES, t } from "../lib/i18n.js";

export function languageSwitch() {
  const choose = (/** @type {Event} */ { currentTarget }) => {
    const button = /** @type {HTMLElement} */ (currentTarget);
    emit(button, "language-choose", button.lang);
  };
  return h(
    "nav",
    { class: "langs wrap", "aria-label": t("language.title") },
    Object.entries(LANGUAGES).map(([code, name]) =>
      h(
        "button",
        {
          type: "button",
          lang: code,
          "aria-current": code === lang() ? "true" : null,
          onclick: choose,
        },
        name,
      ),
    ),
  );
}
