/** Which key does what, wherever the focus is. Pure. */

/** @typedef {"switch"|"search"|"help"|"previous"|"next"|"previousUnread"|"nextUnread"|"readAll"|"write"} Shortcut */

/**
 * @param {{key: string, code: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey:
 *   boolean, isComposing: boolean, keyCode?: number}} event
 * @param {{writing: boolean, dialog: boolean, free: boolean}} where writing: in a field of text;
 *   dialog: one is open; free: nothing has the focus
 * @returns {Shortcut|""}
 */
export function shortcutOf(event, { writing, dialog, free }) {
  const { key, code, altKey, shiftKey } = event;
  const control = event.ctrlKey || event.metaKey;
  if (event.isComposing || event.keyCode === 229) return "";
  // The key, in whatever script it writes.
  if (control && !altKey && !shiftKey) return code === "KeyK" || key === "k" ? "switch" : "";
  if (dialog || control) return "";
  if (altKey) return moveOf(key, shiftKey);
  if (shiftKey && key === "Escape") return "readAll";
  if (writing) return "";
  if (key === "/") return "search";
  if (key === "?") return "help";
  return free && [...key].length === 1 && key !== " " ? "write" : "";
}

/** @param {string} key @param {boolean} unread @returns {Shortcut|""} */
function moveOf(key, unread) {
  if (key === "ArrowUp") return unread ? "previousUnread" : "previous";
  if (key === "ArrowDown") return unread ? "nextUnread" : "next";
  return "";
}
