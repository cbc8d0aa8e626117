/** Outgoing webhooks: addresses to which what happens in rooms is sent, each with a menu. */
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { short } from "../lib/time.js";
import { created, creator, timeOf } from "./server-column.js";
import { createOutgoing } from "./server-outgoing-dialog.js";
import { ask } from "./server-question.js";
import { ServerTable } from "./server-table.js";

/**
 * @typedef {{name: string, url: string, rooms: string[],
 *   all_public_rooms: boolean, state: "active"|"failing"|"disabled",
 *   problem: string|null, since: string|null, last_sent: string|null, created: string}} Outgoing
 */

/** @param {Outgoing["state"]} state */
function stateText(state) {
  if (state === "failing") return t("server.failing");
  return t(state === "disabled" ? "server.disabled" : "server.active");
}

/** The state, with the reason for it in the words of the server. @param {Outgoing} webhook */
function stateCell({ state, problem, since }) {
  const tag = h("span", { class: state === "active" ? "tag" : "tag danger" }, stateText(state));
  return [
    tag,
    problem && h("small", { class: "reason", lang: "en" }, problem),
    since && timeOf(since, short),
  ];
}

/** @extends {ServerTable<Outgoing>} */
export class ServerOutgoing extends ServerTable {
  /** Names of rooms by their keys. @type {Map<string, string>} */
  #titles = new Map();

  constructor() {
    super({
      label: t("server.outgoing"),
      find: t("server.findOutgoing"),
      columns: [
        {
          name: "name",
          label: t("room.name"),
          order: ({ name }) => name,
          cell: ({ name, url }) => [h("b", null, name), " ", h("small", null, new URL(url).host)],
        },
        {
          name: "room",
          label: t("room.group"),
          order: (webhook) => this.#roomsOf(webhook),
          cell: (webhook) => this.#roomsOf(webhook),
        },
        {
          name: "state",
          label: t("server.state"),
          order: ({ state }) => state,
          cell: stateCell,
        },
        {
          name: "sent",
          label: t("server.lastSent"),
          order: (webhook) => webhook.last_sent ?? "",
          cell: ({ last_sent: sent }) => (sent ? timeOf(sent, short) : t("server.neverSent")),
        },
        created(),
      ],
    });
    const does = () => createOutgoing(this.data, () => this.load());
    this.tools.append(
      creator(this, { name: "add-outgoing", label: t("server.addOutgoing"), does }),
    );
  }

  async fetch() {
    const { data } = this;
    if (!data) return [];
    const [webhooks, rooms] = await Promise.all([
      data.command({ "outgoing_webhook.list": {} }),
      data.command({ "room.list": {} }),
    ]);
    this.#titles = new Map(rooms.filter(({ name }) => name).map(({ room, name }) => [room, name]));
    return /** @type {Outgoing[]} */ (webhooks);
  }

  /** @param {Outgoing} webhook */
  keyOf({ name }) {
    return name;
  }

  /** @param {Outgoing} webhook */
  nameOf({ name }) {
    return name;
  }

  /** @param {Outgoing} webhook */
  textOf(webhook) {
    return `${webhook.name} ${webhook.url} ${this.#roomsOf(webhook)}`;
  }

  /** @param {Outgoing} webhook */
  marks({ name, state }) {
    return { "data-outgoing": name, "data-state": state };
  }

  /** @param {Outgoing} webhook */
  menuOf({ name, state }) {
    const enable = (/** @type {boolean} */ fromNow) =>
      this.#change({ "outgoing_webhook.enable": { name, from_now: fromNow } });
    return [
      { name: "test-outgoing", label: t("server.testOutgoing"), does: () => this.#test(name) },
      state === "failing" && {
        name: "retry-outgoing",
        label: t("server.retryOutgoing"),
        does: () => enable(false),
      },
      state === "disabled" && {
        name: "enable-outgoing",
        label: t("server.enable"),
        does: () => enable(false),
      },
      state === "disabled" && {
        name: "skip-outgoing",
        label: t("server.enableFromNow"),
        does: () => enable(true),
      },
      state !== "disabled" && {
        name: "disable-outgoing",
        label: t("server.disable"),
        does: () => this.#change({ "outgoing_webhook.disable": { name } }),
      },
      {
        name: "delete-outgoing",
        label: t("server.deleteWebhook"),
        danger: true,
        does: () => this.#delete(name),
      },
    ].filter((item) => item !== false);
  }

  empty() {
    return t("server.noOutgoing");
  }

  // Internal

  /** @param {Outgoing} webhook */
  #roomsOf({ rooms, all_public_rooms: isForAll }) {
    if (isForAll) return t("server.allPublicRooms");
    return rooms.map((room) => this.#titles.get(room) ?? room).join(", ");
  }

  /** @param {Record<string, object>} command */
  async #change(command) {
    await this.data?.command(command);
    await this.load();
  }

  /** @param {string} name */
  async #test(name) {
    const [tested] = (await this.data?.command({ "outgoing_webhook.test": { name } })) ?? [];
    const { accepted, status, milliseconds: ms, problem } = tested;
    this.say(
      accepted
        ? t("server.testAccepted", { name, status, ms })
        : t("server.testRefused", { name, problem }),
    );
  }

  /** @param {string} name */
  #delete(name) {
    const texts = {
      title: t("server.deleteWebhookTitle", { name }),
      text: t("server.deleteOutgoingText"),
      action: t("server.deleteWebhook"),
    };
    return ask(this.data, texts, () => this.#change({ "outgoing_webhook.delete": { name } }));
  }
}

customElements.define("server-outgoing", ServerOutgoing);
