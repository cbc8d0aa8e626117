/** Dialogs of the server page: questions with what they change, and secrets that are shown once. */
import { openDialog } from "../lib/dialog.js";
import { fill, h, setText } from "../lib/dom.js";
import { count, t } from "../lib/i18n.js";

/** @import {Data} from "./server-page.js" */

/**
 * Asks before something is done.
 * @param {Data|undefined} data
 * @param {{title: string, text: string, action: string, facts?: [string, string|number][],
 *   danger?: boolean}} texts facts are shown as a list, without those that are zero
 * @param {() => Promise<unknown>} confirmed
 */
export async function ask(data, { title, text, action, facts = [], danger = true }, confirmed) {
  const host = await data?.host();
  if (!host) return;
  const { form } = openDialog({
    host,
    title,
    action,
    danger,
    content: [h("p", null, text), factList(facts)],
    submit: confirmed,
  });
  // Enter that comes too early destroys nothing.
  /** @type {HTMLElement} */ (form.querySelector(".foot .button")).focus();
}

/**
 * A list of what would change, without what is zero.
 * @param {[string, string|number][]} facts
 */
export function factList(facts) {
  const some = facts.filter(([, value]) => value !== 0);
  const shown = (/** @type {string|number} */ value) =>
    typeof value === "number" ? count(value) : value;
  return (
    some.length > 0 &&
    h(
      "dl",
      { class: "facts" },
      some.map(([name, value]) =>
        h("div", null, h("dt", null, name), h("dd", { class: "num" }, shown(value))),
      ),
    )
  );
}

/**
 * Shows a secret in an open dialog, this one time, with a button that copies it.
 * @param {{form: HTMLElement, go: HTMLElement}} dialog
 * @param {{label: string, value: string, hint: string, id: string}} secret
 */
export function showSecret({ form, go }, { label, value, hint, id }) {
  const heading = /** @type {Element} */ (form.querySelector("h2"));
  setText(heading, label);
  const input = h("input", {
    class: "input secret",
    id,
    type: "text",
    readonly: true,
    value,
    "aria-labelledby": heading.id,
    "aria-describedby": `${id}-hint`,
  });
  const said = h("span", { class: "visually-hidden", role: "status" });
  const copy = h(
    "button",
    {
      class: "button copy",
      type: "button",
      onclick: async () => {
        await copyText(value, input);
        setText(copy, t("absent.copied"));
        setText(said, t("absent.copied"));
      },
    },
    t("absent.copy"),
  );
  fill(
    /** @type {Element} */ (form.querySelector(".content")),
    h("div", { class: "with-copy" }, input, copy),
    h("p", { class: "meta", id: `${id}-hint` }, hint),
    said,
  );
  go.remove();
  fill(/** @type {Element} */ (form.querySelector(".foot .button")), t("action.close"));
  input.select();
}

/** @param {string} text @param {HTMLElement} shown where it stands in the page */
export async function copyText(text, shown) {
  // There is a clipboard only on pages that are encrypted; the older way copies what is selected.
  if (shown instanceof HTMLInputElement) shown.select();
  else getSelection()?.selectAllChildren(shown);
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else document.execCommand("copy");
}
