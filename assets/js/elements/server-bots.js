/** The bots of the server: accounts of programs, each with a menu. */
import { t } from "../lib/i18n.js";
import { created, creator, nameCell, state } from "./server-column.js";
import { createBot, createToken } from "./server-integration.js";
import { ask } from "./server-question.js";
import { ServerTable } from "./server-table.js";

/** @import {Account} from "./server-users.js" */

/**
 * Emits `tokens` when some were created or revoked.
 * @extends {ServerTable<Account>}
 */
export class ServerBots extends ServerTable {
  constructor() {
    super({
      label: t("server.bots"),
      find: t("server.findBot"),
      columns: [
        {
          name: "name",
          label: t("login.name"),
          order: (bot) => bot.display_name,
          cell: (bot) => nameCell(bot.display_name, bot.name),
        },
        {
          name: "role",
          label: t("server.access"),
          order: ({ guest }) => Number(guest),
          cell: ({ guest }) => t(guest ? "server.ownRooms" : "server.allRooms"),
        },
        state(),
        created(),
      ],
    });
    const does = () => createBot(this.data, () => this.load());
    this.tools.append(creator(this, { name: "add-bot", label: t("server.addBot"), does }));
  }

  async fetch() {
    const { data } = this;
    if (!data) return [];
    const [bots, hooks] = await Promise.all([
      data.command({ "bot.list": {} }),
      data.command({ "webhook.list": {} }),
    ]);
    // The bot of a webhook goes with it.
    const theirs = new Set(hooks.map(({ user }) => user));
    return /** @type {Account[]} */ (bots.filter(({ name }) => !theirs.has(name)));
  }

  /** @param {Account} bot */
  keyOf({ id }) {
    return String(id);
  }

  /** @param {Account} bot */
  nameOf({ name }) {
    return name;
  }

  /** @param {Account} bot */
  textOf({ name, display_name: shown }) {
    return `${name} ${shown}`;
  }

  /** @param {Account} bot */
  marks({ name, disabled }) {
    return { "data-bot": name, "data-disabled": disabled };
  }

  /** @param {Account} bot */
  menuOf(bot) {
    const { data } = this;
    return [
      !bot.disabled && {
        name: "add-token",
        label: t("server.addToken"),
        does: () => createToken(data, bot.name, () => this.dispatchEvent(new Event("tokens"))),
      },
      {
        name: "delete-bot",
        label: t("server.deleteBot"),
        danger: true,
        does: () => this.#delete(bot),
      },
    ].filter((item) => item !== false);
  }

  empty() {
    return t("server.noBots");
  }

  /** @param {Account} bot */
  async #delete({ name, display_name: shown }) {
    const [going] = (await this.data?.command({ "bot.delete": { name, dry_run: true } })) ?? [];
    await ask(
      this.data,
      {
        title: t("server.deleteBotTitle", { name: shown }),
        text: t("server.deleteText", { name: shown }),
        action: t("server.deleteBot"),
        facts: [
          [t("server.goingRooms"), going.rooms_left],
          [t("server.goingOwnRooms"), going.rooms_deleted],
          [t("server.goingMessages"), going.messages_deleted],
          [t("server.goingTokens"), going.tokens_ended],
        ],
      },
      async () => {
        await this.data?.command({ "bot.delete": { name } });
        await this.load();
        this.dispatchEvent(new Event("tokens"));
      },
    );
  }
}

customElements.define("server-bots", ServerBots);
