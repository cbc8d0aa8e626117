/** Changes the text of a field as if it were typed: Ctrl+Z takes it back. */

/** @import {Edit} from "./format.js" */

/** @param {HTMLTextAreaElement} field @param {Edit} edit */
export function replaceText(field, { from, to, insert, start, end }) {
  field.focus();
  field.setSelectionRange(from, to);
  // Every other way empties the list of what can be undone. It tells of the input by itself.
  const done =
    from === to && !insert
      ? true
      : document.execCommand(insert ? "insertText" : "delete", false, insert);
  if (!done) {
    field.setRangeText(insert, from, to);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  field.setSelectionRange(start, end);
}
