/**
 * Dialogs: title, content, actions; errors beside their field. Closing returns the focus;
 * `focus-lost` is emitted when its element is gone.
 */
import { emit, fill, h, set } from "./dom.js";
import { errorText } from "./errors.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";

/**
 * @param {object} what
 * @param {HTMLElement} what.host the element that holds it
 * @param {string} what.title
 * @param {any[]} what.content
 * @param {string} what.action words of the button that does it, "" when there is nothing to do but
 *   to close
 * @param {boolean} [what.danger]
 * @param {any} [what.hint] shown before the buttons
 * @param {() => Promise<unknown>|unknown} what.submit throws when it fails; the dialog stays then.
 *   False keeps it open.
 */
export function openDialog({ host, title, content, action, danger = false, hint = null, submit }) {
  const before = /** @type {HTMLElement|null} */ (document.activeElement);
  const id = `${host.localName}-title`;
  const problem = h("p", { class: "notice", role: "alert", hidden: true });
  const go = h(
    "button",
    { class: danger ? "button primary danger" : "button primary", type: "submit" },
    action,
  );
  const close = () => dialog.close();
  const onsubmit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (go.getAttribute("aria-busy")) return;
    problem.hidden = true;
    go.setAttribute("aria-busy", "true");
    try {
      if ((await submit()) !== false) close();
    } catch (error) {
      fill(problem, icon("warning", "small"), h("span", null, errorText(error))).hidden = false;
    } finally {
      go.removeAttribute("aria-busy");
    }
  };
  const form = h(
    "form",
    { novalidate: true, onsubmit },
    head(id, title, close),
    h("div", { class: "content" }, content, problem),
    h(
      "div",
      { class: "foot wrap" },
      hint,
      h(
        "button",
        { class: "button", type: "button", onclick: close },
        t(action ? "action.cancel" : "action.close"),
      ),
      action && go,
    ),
  );
  const dialog = h(
    "dialog",
    {
      "aria-labelledby": id,
      onclose: () => {
        dialog.remove();
        if (before?.checkVisibility()) before.focus();
        else emit(host, "focus-lost");
      },
    },
    form,
  );
  fill(host, dialog);
  dialog.showModal();
  return { dialog, go, form };
}

/**
 * A labelled field with a place for its error.
 * @param {string} label
 * @param {HTMLInputElement|HTMLSelectElement|HTMLTextAreaElement} input with an id
 * @param {string} [hint]
 * @param {HTMLElement} [around] what holds the input, when it is not alone
 */
export function field(label, input, hint = "", around = input) {
  const note = h("p", { class: "meta", id: `${input.id}-hint`, hidden: !hint }, hint);
  const error = h("p", { class: "error", id: `${input.id}-error`, hidden: true });
  set(input, { "aria-describedby": hint ? note.id : null });
  return h("div", { class: "field" }, h("label", { for: input.id }, label), around, error, note);
}

/**
 * Shows or clears the error of a field.
 * @param {HTMLInputElement|HTMLSelectElement|HTMLTextAreaElement} input
 * @param {string} message
 */
export function setError(input, message) {
  const error = /** @type {HTMLElement} */ (input.closest(".field")?.querySelector(".error"));
  const hint = /** @type {HTMLElement} */ (input.closest(".field")?.querySelector(".meta"));
  error.hidden = !message;
  if (hint) hint.hidden = Boolean(message) || !hint.textContent;
  fill(error, message && [icon("warning", "small"), h("span", null, message)]);
  // What is typed next may be right.
  if (message) input.addEventListener("input", () => setError(input, ""), { once: true });
  const described = hint?.textContent ? hint.id : null;
  set(input, {
    "aria-invalid": message ? "true" : null,
    "aria-describedby": message ? error.id : described,
  });
}

// Internal

/** @param {string} id @param {string} title @param {() => void} onclick */
function head(id, title, onclick) {
  const label = t("action.close");
  return h(
    "div",
    { class: "head spread" },
    h("h2", { id }, title),
    h(
      "button",
      { class: "icon-button", type: "button", "aria-label": label, title: label, onclick },
      icon("close"),
    ),
  );
}
