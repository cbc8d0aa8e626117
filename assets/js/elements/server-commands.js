/** Slash commands, each with a menu, and the dialog that creates one. */
import { field, openDialog, setError } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { created, creator } from "./server-column.js";
import { isWrong, plain, refusedAt } from "./server-integration.js";
import { acceptedAt, isWebAddress } from "./server-outgoing-dialog.js";
import { ask, showSecret } from "./server-question.js";
import { roomsChoice } from "./server-rooms-choice.js";
import { ServerTable } from "./server-table.js";

/** @import {Data} from "./server-page.js" */
/**
 * @typedef {{name: string, url: string, description: string, hint: string, rooms: string[],
 *   created: string}} Command
 */

/** @extends {ServerTable<Command>} */
export class ServerCommands extends ServerTable {
  /** Names of rooms by their keys. @type {Map<string, string>} */
  #titles = new Map();

  constructor() {
    super({
      label: t("server.commands"),
      find: t("server.findCommand"),
      columns: [
        {
          name: "name",
          label: t("room.name"),
          order: ({ name }) => name,
          cell: ({ name, hint, description }) => [
            h("b", null, `/${name}`),
            hint && " ",
            hint && h("small", null, hint),
            description && h("div", null, description),
          ],
        },
        {
          name: "url",
          label: t("server.commandUrl"),
          order: ({ url }) => new URL(url).host,
          cell: ({ url }) => new URL(url).host,
        },
        {
          name: "room",
          label: t("rooms.title"),
          order: ({ rooms }) => this.#roomsOf(rooms),
          cell: ({ rooms }) => this.#roomsOf(rooms),
        },
        created(),
      ],
    });
    const does = () => createCommand(this.data, () => this.load());
    this.tools.append(creator(this, { name: "add-command", label: t("server.addCommand"), does }));
  }

  async fetch() {
    const { data } = this;
    if (!data) return [];
    const [commands, rooms] = await Promise.all([
      data.command({ "slash_command.list": {} }),
      data.command({ "room.list": {} }),
    ]);
    this.#titles = new Map(rooms.filter(({ name }) => name).map(({ room, name }) => [room, name]));
    return /** @type {Command[]} */ (commands);
  }

  /** @param {Command} command */
  keyOf({ name }) {
    return name;
  }

  /** @param {Command} command */
  nameOf({ name }) {
    return `/${name}`;
  }

  /** @param {Command} command */
  textOf({ name, description, url, rooms }) {
    return `/${name} ${description} ${url} ${this.#roomsOf(rooms)}`;
  }

  /** @param {Command} command */
  marks({ name }) {
    return { "data-command": name };
  }

  /** @param {Command} command */
  menuOf({ name }) {
    const texts = {
      title: t("server.deleteCommandTitle", { name: `/${name}` }),
      text: t("server.deleteCommandText"),
      action: t("server.deleteCommand"),
    };
    const remove = async () => {
      await this.data?.command({ "slash_command.delete": { name } });
      await this.load();
    };
    return [
      {
        name: "delete-command",
        label: t("server.deleteCommand"),
        danger: true,
        does: () => ask(this.data, texts, remove),
      },
    ];
  }

  empty() {
    return t("server.noCommands");
  }

  // Internal

  /** @param {string[]} rooms */
  #roomsOf(rooms) {
    if (rooms.length === 0) return t("server.everyRoom");
    return rooms.map((room) => this.#titles.get(room) ?? room).join(", ");
  }
}

// Internal

/** @param {Data|undefined} data @param {() => unknown} made */
async function createCommand(data, made) {
  const host = await data?.host();
  if (!host) return;
  const name = plain("command-name");
  const url = h("input", {
    class: "input",
    id: "command-url",
    type: "url",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "https://",
  });
  const description = plain("command-description");
  const hint = plain("command-hint");
  const rooms = await roomsChoice(data, t("server.commandRooms"));
  const create = async () => {
    const command = {
      name: bare(name.value),
      url: url.value.trim(),
      description: description.value.trim(),
      hint: hint.value.trim(),
      rooms: rooms.chosen(),
    };
    const [item] = (await data?.command({ "slash_command.create": command })) ?? [];
    made();
    showSecret(dialog, {
      id: "new-secret",
      label: t("server.outgoingSecretOf", { name: `/${item.name}` }),
      value: item.secret,
      hint: t("server.secretOnce"),
    });
    return false;
  };
  const dialog = openDialog({
    host,
    title: t("server.addCommand"),
    action: t("server.addCommand"),
    content: [
      field(t("room.name"), name, t("server.commandNameHint")),
      field(t("server.commandUrl"), url, t("server.commandUrlHint")),
      field(t("server.commandDescription"), description),
      field(t("server.commandHint"), hint, t("server.commandHintHint")),
      rooms.element,
    ],
    submit: async () => {
      const isName = /^[\p{L}\p{N}][\p{L}\p{N}_-]{0,31}$/u.test(bare(name.value));
      const isLower = name.value === name.value.toLowerCase();
      setError(name, isName && isLower ? "" : t("server.commandNameWrong"));
      setError(url, isWebAddress(url.value.trim()) ? "" : t("server.outgoingUrlWrong"));
      if (isWrong(name, url)) return false;
      return refusedAt(name, () => acceptedAt(url, create));
    },
  });
  name.focus();
}

/** @param {string} name with or without its slash */
function bare(name) {
  return name.trim().replace(/^\//u, "");
}

customElements.define("server-commands", ServerCommands);
