/** The custom emoji of the server: pictures with names, which messages and reactions contain. */
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { mediaPath } from "../lib/media.js";
import { openEmojiDialog } from "./emoji-dialog.js";
import { created, creator } from "./server-column.js";
import { ask } from "./server-question.js";
import { ServerTable } from "./server-table.js";

/** @typedef {{name: string, added_by: string, file: string, created: string}} Emoji */

/** @extends {ServerTable<Emoji>} */
export class ServerEmoji extends ServerTable {
  constructor() {
    super({
      label: t("server.emoji"),
      find: t("emoji.search"),
      columns: [
        {
          name: "name",
          label: t("emoji.name"),
          order: ({ name }) => name,
          cell: ({ name, file }) =>
            h(
              "span",
              { class: "person" },
              h("img", { class: "emoji", src: mediaPath(file), alt: "" }),
              h("b", null, `:${name}:`),
            ),
        },
        {
          name: "by",
          label: t("emoji.by"),
          order: (emoji) => emoji.added_by,
          cell: (emoji) => (emoji.added_by ? `@${emoji.added_by}` : t("person.deleted")),
        },
        created(),
      ],
    });
    const does = () => this.#add();
    this.tools.append(creator(this, { name: "add-emoji", label: t("emoji.add"), does }));
  }

  async fetch() {
    return /** @type {Emoji[]} */ ((await this.data?.command({ "emoji.list": {} })) ?? []);
  }

  /** @param {Emoji} emoji */
  keyOf({ name }) {
    return name;
  }

  /** @param {Emoji} emoji */
  nameOf({ name }) {
    return `:${name}:`;
  }

  /** @param {Emoji} emoji */
  textOf(emoji) {
    return `${emoji.name} ${emoji.added_by}`;
  }

  /** @param {Emoji} emoji */
  marks({ name }) {
    return { "data-emoji": name };
  }

  /** @param {Emoji} emoji */
  menuOf({ name }) {
    const texts = {
      title: t("emoji.deleteTitle", { name }),
      text: t("emoji.deleteText"),
      action: t("emoji.deleteAction"),
    };
    const remove = async () => {
      await this.data?.command({ "emoji.delete": { name, if_exists: true } });
      await this.load();
    };
    return [
      {
        name: "delete-emoji",
        label: t("emoji.deleteAction"),
        danger: true,
        does: () => ask(this.data, texts, remove),
      },
    ];
  }

  empty() {
    return t("emoji.empty");
  }

  // Internal

  async #add() {
    const host = await this.data?.host();
    if (host) await openEmojiDialog(host, "", () => this.load());
  }
}

customElements.define("server-emoji", ServerEmoji);
