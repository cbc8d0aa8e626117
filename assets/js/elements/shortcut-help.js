/** The list of keyboard shortcuts. */
import { openDialog } from "../lib/dialog.js";
import { h, set } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { keyName } from "../lib/keys.js";

/**
 * The keys, and the words for what they do (lib/shortcuts.js and the elements).
 * @type {{title: string, keys: [string[], string][]}[]}
 */
const SHORTCUTS = [
  {
    title: "shortcuts.everywhere",
    keys: [
      [["Ctrl", "K"], "shortcuts.switch"],
      [["/"], "shortcuts.search"],
      [["Alt", "↑"], "shortcuts.previous"],
      [["Alt", "↓"], "shortcuts.next"],
      [["Alt", "Shift", "↑"], "shortcuts.previousUnread"],
      [["Alt", "Shift", "↓"], "shortcuts.nextUnread"],
      [["Shift", "Esc"], "shortcuts.readAll"],
      [["?"], "shortcuts.help"],
    ],
  },
  {
    title: "shortcuts.lists",
    keys: [
      [["↑", "↓"], "shortcuts.move"],
      [["Home", "End"], "shortcuts.ends"],
      [["Enter"], "shortcuts.open"],
      [["R"], "shortcuts.reply"],
      [["E"], "shortcuts.edit"],
      [["L"], "shortcuts.copyLink"],
      [["Del"], "shortcuts.delete"],
      [["Shift", "F10"], "shortcuts.menu"],
    ],
  },
  {
    title: "shortcuts.writing",
    keys: [
      [["Enter"], "shortcuts.send"],
      [["Shift", "Enter"], "shortcuts.line"],
      [["↑"], "shortcuts.editLast"],
      [["Ctrl", "B"], "format.strong"],
      [["Ctrl", "I"], "format.em"],
      [["Ctrl", "Shift", "X"], "format.del"],
      [["Ctrl", "E"], "format.code"],
      [["Ctrl", "Shift", "U"], "format.link"],
      [["Ctrl", "Shift", "7"], "format.numbers"],
      [["Ctrl", "Shift", "8"], "format.bullets"],
      [["Ctrl", "Shift", "9"], "format.quote"],
      [["@"], "shortcuts.mention"],
      [[":"], "shortcuts.emoji"],
      [["Esc"], "shortcuts.cancel"],
    ],
  },
];

export class ShortcutHelp extends HTMLElement {
  // Actions

  open() {
    if (this.querySelector("dialog[open]")) return;
    const { form } = openDialog({
      host: this,
      title: t("shortcuts.title"),
      content: SHORTCUTS.map(({ title, keys }) =>
        h(
          "section",
          null,
          h("h3", null, t(title)),
          h(
            "dl",
            null,
            keys.map(([names, text]) => row(names, t(text))),
          ),
        ),
      ),
      action: "",
      submit: () => undefined,
    });
    // It may be longer than the window: arrow keys scroll it.
    const label = t("shortcuts.title");
    const content = /** @type {HTMLElement} */ (form.querySelector(".content"));
    set(content, { tabindex: "0", role: "region", "aria-label": label }).focus();
  }
}

// Internal

/** @param {string[]} names @param {string} text */
function row(names, text) {
  return h(
    "div",
    { class: "spread" },
    h("dt", null, text),
    h(
      "dd",
      null,
      names.map((name) => h("kbd", null, keyName(name))),
    ),
  );
}

customElements.define("shortcut-help", ShortcutHelp);
