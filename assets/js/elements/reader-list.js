/** Who has read a message, the latest first. */
import { openDialog } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { locale, t } from "../lib/i18n.js";
import { langOf } from "../lib/text.js";
import { exact, short } from "../lib/time.js";
import { avatar } from "./user-avatar.js";

/** @typedef {{userId: string, name: string, picture?: string, readAt: string}} Reader */

export class ReaderList extends HTMLElement {
  // Actions

  /** @param {Reader[]} readers */
  open(readers) {
    const sorted = [...readers].sort((a, b) => b.readAt.localeCompare(a.readAt));
    const content =
      sorted.length === 0
        ? h("p", null, t("readers.none"))
        : h(
            "ul",
            { class: "readers" },
            sorted.map(({ userId, name, picture, readAt }) =>
              h(
                "li",
                { class: "media", "data-user": userId },
                avatar({ id: userId, name, picture }),
                h("span", { class: "truncate", lang: langOf(name) || null }, name),
                h(
                  "time",
                  { class: "meta", datetime: readAt, title: exact(readAt, locale()) },
                  short(readAt, locale()),
                ),
              ),
            ),
          );
    openDialog({
      host: this,
      title: t("readers.title"),
      content: [content],
      action: "",
      submit: () => undefined,
    });
  }
}

customElements.define("reader-list", ReaderList);
