/** A section of the settings: a heading, and a form that shows its result. */
import { setError } from "./dialog.js";
import { h, setText } from "./dom.js";
import { ApiError, errorText } from "./errors.js";
import { t } from "./i18n.js";

/**
 * @param {string} title
 * @param {HTMLElement|null} action shown beside the heading
 * @param {...HTMLElement} content
 */
export function section(title, action, ...content) {
  return h(
    "section",
    null,
    h("div", { class: "section-head wrap" }, h("h2", null, title), action),
    content,
  );
}

/**
 * @param {string} action label of the button
 * @param {() => Promise<string>} save returns the message to show, "" when a field is invalid
 * @param {HTMLElement[]} fields
 * @param {Record<string, HTMLInputElement|HTMLSelectElement>} [inputs] where the fields of the API stand, for what
 *   the server refuses
 * @param {Record<string, string>} [texts] what is wrong with a field that breaks its rule, by its name in the API
 */
export function form(action, save, fields, inputs = {}, texts = {}) {
  const note = h("p", { class: "meta", role: "status" });
  const go = h("button", { class: "button primary", type: "submit" }, action);
  const refused = (/** @type {unknown} */ error) => {
    const input = error instanceof ApiError ? inputs[error.field ?? ""] : undefined;
    if (!input || !(error instanceof ApiError)) return errorText(error);
    const broken = error.code === "invalid_request" && texts[error.field ?? ""];
    const taken = error.code === "already_exists" && t("profile.taken");
    setError(input, broken || taken || errorText(error));
    input.focus();
    return "";
  };
  return h(
    "form",
    {
      class: "form",
      novalidate: true,
      onsubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        if (go.getAttribute("aria-busy")) return;
        setText(note, "");
        for (const input of Object.values(inputs)) setError(input, "");
        go.setAttribute("aria-busy", "true");
        setText(note, await save().catch(refused));
        go.removeAttribute("aria-busy");
      },
    },
    fields,
    h("div", { class: "wrap" }, go, note),
  );
}
