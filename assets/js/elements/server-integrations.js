/**
 * Programs that use the server: bots, API tokens, incoming and outgoing webhooks, slash commands. Secrets are shown once,
 * when they are created.
 */
import { h } from "../lib/dom.js";
import { section } from "../lib/form.js";
import { t } from "../lib/i18n.js";
import { date, short } from "../lib/time.js";
import { View } from "../lib/view.js";
import { ServerBots } from "./server-bots.js";
import { ServerCommands } from "./server-commands.js";
import { created, creator, nameCell, timeOf } from "./server-column.js";
import { createToken, createWebhook } from "./server-integration.js";
import { ServerOutgoing } from "./server-outgoing.js";
import { ask } from "./server-question.js";
import { ServerTable } from "./server-table.js";

/** @import {Data} from "./server-page.js" */
/** @import {Column} from "./server-table.js" */
/**
 * @typedef {{name: string, user: string, scope: string, room?: string, created: string,
 *   last_used: string|null, expires: string|null}} Token
 */

/** @returns {Column<Token>} */
function used() {
  return {
    name: "used",
    label: t("server.lastUsed"),
    order: (token) => token.last_used ?? "",
    cell: (token) => (token.last_used ? timeOf(token.last_used, short) : t("server.neverUsed")),
  };
}

/** @extends {ServerTable<Token>} */
class ServerTokens extends ServerTable {
  constructor() {
    super({
      label: t("server.tokens"),
      find: t("server.findToken"),
      columns: [
        {
          name: "name",
          label: t("room.name"),
          order: ({ name }) => name,
          cell: ({ name, user }) => nameCell(name, user),
        },
        {
          name: "scope",
          label: t("server.scope"),
          order: ({ scope }) => scope,
          cell: ({ scope }) => t(`server.scope-${scope}`),
        },
        used(),
        {
          name: "expires",
          label: t("server.expires"),
          order: (token) => token.expires ?? "",
          cell: (token) => (token.expires ? timeOf(token.expires, date) : t("server.unlimited")),
        },
        created(),
      ],
    });
    const does = () => createToken(this.data, "", () => this.load());
    this.tools.append(creator(this, { name: "add-token", label: t("server.addToken"), does }));
  }

  async fetch() {
    /** @type {Token[]} */
    const all = (await this.data?.command({ "token.list": {} })) ?? [];
    return all.filter(({ scope }) => scope !== "webhook");
  }

  /** @param {Token} token */
  keyOf({ user, name }) {
    return `${user}/${name}`;
  }

  /** @param {Token} token */
  nameOf({ name }) {
    return name;
  }

  /** @param {Token} token */
  textOf({ name, user }) {
    return `${name} ${user}`;
  }

  /** @param {Token} token */
  marks({ name, user }) {
    return { "data-token": name, "data-owner": user };
  }

  /** @param {Token} token */
  menuOf({ name, user }) {
    const texts = {
      title: t("server.revokeTitle", { name }),
      text: t("server.revokeText"),
      action: t("server.revoke"),
    };
    const revoke = async () => {
      await this.data?.command({ "token.revoke": { name: user, token: name } });
      await this.load();
    };
    return [
      {
        name: "revoke-token",
        label: t("server.revoke"),
        danger: true,
        does: () => ask(this.data, texts, revoke),
      },
    ];
  }

  empty() {
    return t("server.noTokens");
  }
}

/** @extends {ServerTable<Token>} */
class ServerWebhooks extends ServerTable {
  /** Names of rooms by their keys. @type {Map<string, string>} */
  #titles = new Map();

  constructor() {
    super({
      label: t("server.webhooks"),
      find: t("server.findWebhook"),
      columns: [
        {
          name: "name",
          label: t("room.name"),
          order: ({ name }) => name,
          cell: ({ name, user }) => nameCell(name, user),
        },
        {
          name: "room",
          label: t("room.group"),
          order: (hook) => hook.room ?? "",
          cell: ({ room = "" }) => this.#titles.get(room) ?? room,
        },
        used(),
        created(),
      ],
    });
    const does = () => createWebhook(this.data, () => this.load());
    this.tools.append(creator(this, { name: "add-webhook", label: t("server.addWebhook"), does }));
  }

  async fetch() {
    const { data } = this;
    if (!data) return [];
    const [hooks, rooms] = await Promise.all([
      data.command({ "webhook.list": {} }),
      data.command({ "room.list": {} }),
    ]);
    this.#titles = new Map(rooms.filter(({ name }) => name).map(({ room, name }) => [room, name]));
    return /** @type {Token[]} */ (hooks);
  }

  /** @param {Token} hook */
  keyOf({ user, name }) {
    return `${user}/${name}`;
  }

  /** @param {Token} hook */
  nameOf({ name }) {
    return name;
  }

  /** @param {Token} hook */
  marks({ name }) {
    return { "data-webhook": name };
  }

  /** @param {Token} hook */
  menuOf({ name, room = "" }) {
    const texts = {
      title: t("server.deleteWebhookTitle", { name }),
      text: t("server.deleteWebhookText"),
      action: t("server.deleteWebhook"),
    };
    const remove = async () => {
      await this.data?.command({ "webhook.delete": { room, name } });
      await this.load();
    };
    return [
      {
        name: "delete-webhook",
        label: t("server.deleteWebhook"),
        danger: true,
        does: () => ask(this.data, texts, remove),
      },
    ];
  }

  empty() {
    return t("server.noWebhooks");
  }
}

customElements.define("server-tokens", ServerTokens);
customElements.define("server-webhooks", ServerWebhooks);

/** @extends {View<Data>} */
export class ServerIntegrations extends View {
  #webhooks = new ServerWebhooks();
  #outgoing = new ServerOutgoing();
  #commands = new ServerCommands();
  #bots = new ServerBots();
  #tokens = new ServerTokens();

  // Lifecycle

  build() {
    const parts = /** @type {const} */ ([
      ["server.webhooks", this.#webhooks],
      ["server.outgoing", this.#outgoing],
      ["server.commands", this.#commands],
      ["server.bots", this.#bots],
      ["server.tokens", this.#tokens],
    ]);
    this.append(
      ...parts.map(([label, table]) =>
        section(
          t(label),
          /** @type {any} */ (table).tools,
          h("p", { class: "hint" }, t(`${label}Hint`)),
          table,
        ),
      ),
    );
    this.#bots.addEventListener("tokens", () => this.#tokens.load());
  }

  /** @param {Data} data */
  update(data) {
    for (const table of [this.#webhooks, this.#outgoing, this.#commands, this.#bots, this.#tokens])
      table.data ??= data;
  }
}

customElements.define("server-integrations", ServerIntegrations);
