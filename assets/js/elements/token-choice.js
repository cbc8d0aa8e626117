/** What can be chosen for an API token. */
import { h } from "../lib/dom.js";

/** Days that a token lives, "" for ever. */
export const LIVES = ["30", "90", "365", ""];
export const SCOPES = ["read", "write", "admin"];

/** @param {string} id @param {string[]} values @param {(value: string) => string} label */
export function choice(id, values, label) {
  return h(
    "select",
    { class: "input", id },
    values.map((value) => h("option", { value }, label(value))),
  );
}
