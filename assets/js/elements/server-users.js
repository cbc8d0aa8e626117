/**
 * The accounts of the server: who they are, when they were last seen, and a menu for each of what
 * administrators may do with it. Several can be disabled or signed out at once.
 */
import { h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { short } from "../lib/time.js";
import { createAccount, renameAccount, resetLink, setPassword } from "./server-account.js";
import { created, nameCell, state, timeOf } from "./server-column.js";
import { eraseAccount } from "./server-erase.js";
import { ask } from "./server-question.js";
import { showSessions } from "./server-sessions.js";
import { ServerTable } from "./server-table.js";
import { avatar } from "./user-avatar.js";

/** @import {MenuItem} from "./row-menu.js" */
/**
 * @typedef {{id: number, name: string, display_name: string, admin: boolean, disabled: boolean,
 *   bot: boolean, guest: boolean, second_factor: boolean, created: string, last_seen?: string|null}} Account
 */

/** @extends {ServerTable<Account>} */
export class ServerUsers extends ServerTable {
  constructor() {
    super({
      label: t("server.people"),
      find: t("server.findUser"),
      columns: [
        {
          name: "name",
          label: t("login.name"),
          order: (account) => account.display_name,
          cell: (account) => this.#who(account),
        },
        { name: "role", label: t("person.role"), order: roleOf, cell: roleOf },
        state(),
        {
          name: "seen",
          label: t("server.lastSeen"),
          order: (account) => account.last_seen ?? "",
          cell: ({ last_seen: seen }) => (seen ? timeOf(seen, short) : t("server.never")),
        },
        created(),
      ],
      bulk: [
        {
          name: "disable-all",
          label: t("server.disable"),
          does: (chosen) => this.#disableAll(chosen),
        },
        {
          name: "end-all",
          label: t("server.endSessions"),
          does: (chosen) => this.#endAll(chosen),
        },
      ],
    });
    this.tools.append(
      h(
        "button",
        {
          class: "button primary add-user",
          type: "button",
          onclick: () => this.attempt(() => createAccount(this.data, () => this.load())),
        },
        icon("addPerson", "small"),
        t("server.addUser"),
      ),
    );
  }

  async fetch() {
    /** @type {Account[]} */
    const all = (await this.data?.command({ "user.list": {} })) ?? [];
    // Bots stand among the integrations.
    return all.filter(({ bot }) => !bot);
  }

  /** @param {Account} account */
  keyOf({ id }) {
    return String(id);
  }

  /** @param {Account} account */
  nameOf({ name }) {
    return name;
  }

  /** @param {Account} account */
  textOf({ name, display_name: shown }) {
    return `${name} ${shown}`;
  }

  /** @param {Account} account */
  marks({ name, disabled }) {
    return { "data-user": name, "data-disabled": disabled };
  }

  /** @param {Account} account */
  canChoose(account) {
    return !this.#isMine(account);
  }

  /**
   * What can be done with an account. Nobody locks themselves out.
   * @param {Account} account
   * @returns {MenuItem[]}
   */
  menuOf(account) {
    const { name, admin, disabled, guest } = account;
    const mine = this.#isMine(account);
    const { data } = this;
    /** @type {(MenuItem|false)[]} */
    const items = [
      {
        name: "sessions",
        label: t("session.title"),
        does: () => showSessions(data, account),
      },
      {
        name: "rename-user",
        label: t("server.renameUser"),
        does: () => renameAccount(data, account, (changed) => this.#replace(changed)),
      },
      !disabled && {
        name: "reset-link",
        label: t("server.resetLink"),
        does: () => resetLink(data, account),
      },
      !mine && {
        name: "reset-password",
        label: t("server.resetPassword"),
        does: () => setPassword(data, account),
      },
      account.second_factor && {
        ...this.#asks(account, "reset_second_factor"),
        name: "reset-second-factor",
      },
      !mine &&
        !disabled && {
          name: "end-sessions",
          label: t("server.endSessions"),
          does: () => this.#end([account]),
        },
      !admin && !disabled && !guest && this.#asks(account, "promote"),
      admin && !mine && this.#asks(account, "demote"),
      disabled && {
        name: "enable",
        label: t("server.enable"),
        does: async () => this.#replace(await data?.command({ "user.enable": { name } })),
      },
      !mine && !disabled && { ...this.#asks(account, "disable"), danger: true },
      !mine && {
        name: "delete-user",
        label: t("server.deleteUser"),
        danger: true,
        does: () => this.#delete(account),
      },
      !mine && {
        name: "erase-user",
        label: t("server.eraseUser"),
        danger: true,
        does: () => eraseAccount(data, account, () => this.#gone(name)),
      },
    ];
    return items.filter((item) => item !== false);
  }

  // Internal

  /** @param {Account} account */
  #isMine({ name }) {
    return name === this.data?.me.userId;
  }

  /** @param {Account} account */
  #who(account) {
    const { name, display_name: shown } = account;
    return h(
      "span",
      { class: "person" },
      avatar({ id: name, name: shown, size: "s" }),
      nameCell(shown, name),
      this.#isMine(account) && h("span", { class: "tag" }, t("person.you")),
    );
  }

  /**
   * An item that asks before it does something.
   * @param {Account} account
   * @param {"promote"|"demote"|"disable"|"reset_second_factor"} verb
   * @returns {MenuItem}
   */
  #asks({ name, display_name: shown }, verb) {
    const label = t(`server.${verb}`);
    const texts = {
      title: t(`server.${verb}Title`, { name: shown }),
      text: t(`server.${verb}Text`, { name: shown }),
      action: label,
      danger: verb !== "promote",
    };
    const confirmed = async () =>
      this.#replace(await this.data?.command({ [`user.${verb}`]: { name } }));
    return { name: verb, label, does: () => ask(this.data, texts, confirmed) };
  }

  /** What would go is counted before it is asked. @param {Account} account */
  async #delete({ name, display_name: shown }) {
    const [going] = (await this.data?.command({ "user.delete": { name, dry_run: true } })) ?? [];
    await ask(
      this.data,
      {
        title: t("server.deleteTitle", { name: shown }),
        text: t("server.deleteText", { name: shown }),
        action: t("server.deleteUser"),
        facts: [
          [t("server.goingRooms"), going.rooms_left],
          [t("server.goingOwnRooms"), going.rooms_deleted],
          [t("server.goingMessages"), going.messages_deleted],
          [t("server.goingSessions"), going.sessions_ended],
          [t("server.goingTokens"), going.tokens_ended],
        ],
      },
      async () => {
        await this.data?.command({ "user.delete": { name } });
        this.#gone(name);
      },
    );
  }

  /** @param {string} name */
  #gone(name) {
    this.items = this.items.filter((account) => account.name !== name);
    this.draw();
  }

  /** @param {Account[]} accounts */
  async #end(accounts) {
    let n = 0;
    for (const { name } of accounts) {
      const [ended] = (await this.data?.command({ "user.logout": { name } })) ?? [];
      n += ended?.sessions_ended ?? 0;
    }
    this.say(t("server.sessionsEnded", { n }));
  }

  /** @param {Account[]} chosen */
  #endAll(chosen) {
    const texts = {
      title: t("server.endAllTitle", { n: chosen.length }),
      text: t("server.endAllText"),
      action: t("server.endSessions"),
    };
    return ask(this.data, texts, async () => {
      await this.#end(chosen);
      this.release();
      this.draw();
    });
  }

  /** @param {Account[]} chosen */
  #disableAll(chosen) {
    const texts = {
      title: t("server.disableAllTitle", { n: chosen.length }),
      text: t("server.disableAllText"),
      action: t("server.disable"),
    };
    return ask(this.data, texts, async () => {
      for (const { name } of chosen)
        this.#replace(await this.data?.command({ "user.disable": { name } }));
      this.release();
      this.draw();
    });
  }

  /** The answer of a command does not say when the account was last seen. @param {Account[]} [changed] */
  #replace([changed] = []) {
    this.items = this.items.map((account) =>
      account.id === changed?.id ? { ...account, ...changed } : account,
    );
    this.draw();
  }
}

// Internal

/** @param {Account} account */
function roleOf({ admin, guest }) {
  if (admin) return t("server.admin");
  return t(guest ? "server.guest" : "server.member");
}

customElements.define("server-users", ServerUsers);
