/**
 * The accounts of the server: search, create, and a menu for each of what administrators may do with
 * it. A new password is shown once.
 */
import { ApiError } from "../lib/errors.js";
import { setError, field, openDialog } from "../lib/dialog.js";
import { fill, h, setText, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { locale, t } from "../lib/i18n.js";
import { ServerList } from "./server-list.js";
import { langOf } from "../lib/text.js";
import { date } from "../lib/time.js";
import { avatar } from "./user-avatar.js";
import { tooLong, wrongUserName } from "./user-name.js";

/** @import {MenuItem} from "./row-menu.js" */
/**
 * @typedef {{id: number, name: string, display_name: string, admin: boolean, disabled: boolean,
 *   created: string}} Account
 */

/** Without characters that look alike; twenty of them cannot be guessed. */
const CHARACTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const PASSWORD_LENGTH = 20;

/** @extends {ServerList<Account>} */
export class ServerUsers extends ServerList {
  constructor() {
    super(t("server.findUser"));
    this.tools.append(
      h(
        "button",
        {
          class: "button primary add-user",
          type: "button",
          onclick: () => this.attempt(() => this.#create()),
        },
        icon("addPerson", "small"),
        t("server.addUser"),
      ),
    );
  }

  async fetch() {
    return /** @type {Promise<Account[]>} */ (
      this.data?.command({ "user.list": {} }) ?? Promise.resolve([])
    );
  }

  /** @param {Account} account */
  keyOf({ id }) {
    return String(id);
  }

  /** @param {Account} account */
  textOf({ name, display_name: shown }) {
    return `${name} ${shown}`;
  }

  /** @param {Account} account */
  make({ id, name, display_name: shown }) {
    const label = t("server.actions", { name });
    const menu = () => {
      const account = this.items.find((item) => item.id === id);
      return account ? this.#menu(account) : [];
    };
    return h(
      "li",
      { "data-user": name },
      avatar({ id: name, name: shown, size: "m" }),
      h(
        "span",
        { class: "who" },
        h("b", { lang: langOf(shown) || null }),
        " ",
        h("small", null, `@${name}`),
        h("small", { class: "facts" }),
      ),
      this.more(label, menu),
    );
  }

  /** @param {HTMLElement} node @param {Account} account */
  change(node, { name, display_name: shown, admin, disabled, created }) {
    const mine = name === this.data?.me.userId;
    set(node, { "data-disabled": disabled });
    setText(/** @type {Element} */ (node.querySelector("b")), shown);
    fill(
      /** @type {Element} */ (node.querySelector(".facts")),
      disabled && h("span", { class: "tag danger" }, t("server.disabled")),
      admin && h("span", { class: "tag accent" }, t("server.admin")),
      mine && h("span", { class: "tag" }, t("person.you")),
      t("server.created", { date: date(created, locale()) }),
    );
  }

  // Internal

  /**
   * What can be done with an account. Nobody locks themselves out.
   * @param {Account} account
   * @returns {MenuItem[]}
   */
  #menu(account) {
    const { name, admin, disabled } = account;
    const mine = name === this.data?.me.userId;
    /** @type {(MenuItem|false)[]} */
    const items = [
      {
        name: "rename-user",
        label: t("server.renameUser"),
        does: () => this.#rename(account),
      },
      !mine && {
        name: "reset-password",
        label: t("server.resetPassword"),
        does: () => this.#reset(account),
      },
      !mine &&
        !disabled && {
          name: "end-sessions",
          label: t("server.endSessions"),
          does: () => this.#endSessions(account),
        },
      !admin && !disabled && this.#asks(account, "promote"),
      admin && !mine && this.#asks(account, "demote"),
      disabled && {
        name: "enable",
        label: t("server.enable"),
        does: async () => this.#replace(await this.data?.command({ "user.enable": { name } })),
      },
      !mine && !disabled && { ...this.#asks(account, "disable"), danger: true },
      !mine && { ...this.#asks(account, "delete"), danger: true },
    ];
    return items.filter((item) => item !== false);
  }

  /**
   * An item that asks before it does something.
   * @param {Account} account
   * @param {"promote"|"demote"|"disable"|"delete"} verb
   * @returns {MenuItem}
   */
  #asks({ name, display_name: shown }, verb) {
    const label = verb === "delete" ? t("server.deleteUser") : t(`server.${verb}`);
    const texts = {
      title: t(`server.${verb}Title`, { name: shown }),
      text: t(`server.${verb}Text`, { name: shown }),
      action: label,
    };
    const confirmed = async () => {
      const changed = await this.data?.command({ [`user.${verb}`]: { name } });
      if (verb === "delete") this.items = this.items.filter((account) => account.name !== name);
      else this.#replace(changed);
      this.draw();
    };
    const item = verb === "delete" ? "delete-user" : verb;
    return { name: item, label, does: () => this.data?.ask(texts, confirmed) };
  }

  /** @param {Account} account */
  async #endSessions({ name }) {
    const [{ sessions_ended: n = 0 } = {}] =
      (await this.data?.command({ "user.logout": { name } })) ?? [];
    this.say(t("server.sessionsEnded", { n }));
  }

  /** @param {Account} account */
  async #rename({ name, display_name: shown }) {
    const host = await this.data?.host();
    if (!host) return;
    const input = h("input", {
      class: "input",
      id: "new-name",
      type: "text",
      value: shown,
      autocomplete: "off",
    });
    openDialog({
      host,
      title: t("server.renameUser"),
      action: t("action.save"),
      content: [field(t("login.name"), input)],
      submit: async () => {
        const to = input.value.trim();
        setError(input, to ? tooLong(to) : t("profile.nameNeeded"));
        if (input.getAttribute("aria-invalid")) return false;
        this.#replace(await this.data?.command({ "user.rename": { name, to } }));
        this.draw();
      },
    });
    input.select();
  }

  /** @param {Account} account */
  async #reset({ name, display_name: shown }) {
    const host = await this.data?.host();
    if (!host) return;
    const { form, go } = openDialog({
      host,
      title: t("server.resetTitle", { name: shown }),
      action: t("server.resetPassword"),
      content: [h("p", null, t("server.resetText", { name: shown }))],
      submit: async () => {
        const password = generated();
        await this.data?.command({ "user.passwd": { name, password } });
        this.#show(form, go, name, password);
        return false;
      },
    });
  }

  /** @param {Account[]} [changed] */
  #replace([changed] = []) {
    this.items = this.items.map((account) => (account.id === changed?.id ? changed : account));
  }

  async #create() {
    const host = await this.data?.host();
    if (!host) return;
    const user = h("input", {
      class: "input",
      id: "new-user",
      type: "text",
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
    });
    const name = h("input", { class: "input", id: "new-name", type: "text", autocomplete: "off" });
    const admin = h("input", {
      class: "switch",
      type: "checkbox",
      role: "switch",
      id: "new-admin",
    });
    const { form, go } = openDialog({
      host,
      title: t("server.addUser"),
      action: t("login.create"),
      content: [
        field(t("login.user"), user),
        field(t("login.name"), name, t("login.nameHint")),
        h("div", { class: "spread" }, h("label", { for: "new-admin" }, t("server.admin")), admin),
      ],
      submit: async () => {
        const password = await this.#send(user, name, admin.checked);
        if (!password) return false;
        this.load();
        this.#show(form, go, user.value.trim(), password);
        return false;
      },
    });
    user.focus();
  }

  /**
   * Creates the account that the fields describe.
   * @param {HTMLInputElement} user
   * @param {HTMLInputElement} name
   * @param {boolean} admin
   * @returns {Promise<string>} its password, "" when a field is wrong
   */
  async #send(user, name, admin) {
    const [userName, displayName] = [user.value.trim(), name.value.trim()];
    setError(user, wrongUserName(userName));
    setError(name, tooLong(displayName));
    const wrong = [user, name].find((input) => input.getAttribute("aria-invalid"));
    if (wrong) {
      wrong.focus();
      return "";
    }
    const password = generated();
    const account = { name: userName, password, admin };
    try {
      await this.data?.command({
        "user.create": { ...account, ...(displayName && { display_name: displayName }) },
      });
    } catch (error) {
      const text =
        error instanceof ApiError &&
        { conflict: t("login.taken"), usage: t("login.userInvalid") }[error.code];
      if (!text) throw error;
      setError(user, text);
      user.focus();
      return "";
    }
    return password;
  }

  /**
   * The one time that the password is shown.
   * @param {HTMLElement} form
   * @param {HTMLElement} go
   * @param {string} name
   * @param {string} password
   */
  #show(form, go, name, password) {
    const secret = h("input", {
      class: "input secret",
      id: "new-password",
      type: "text",
      readonly: true,
      value: password,
    });
    fill(
      /** @type {Element} */ (form.querySelector(".content")),
      field(t("server.passwordOf", { name }), secret, t("server.passwordOnce")),
    );
    go.remove();
    fill(/** @type {Element} */ (form.querySelector(".foot .button")), t("action.close"));
    secret.select();
  }
}

// Internal

function generated() {
  // Bytes above the largest multiple are dropped, so that every character is equally likely.
  const fair = 256 - (256 % CHARACTERS.length);
  let password = "";
  while (password.length < PASSWORD_LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(PASSWORD_LENGTH))) {
      if (byte < fair && password.length < PASSWORD_LENGTH)
        password += CHARACTERS[byte % CHARACTERS.length];
    }
  }
  return password;
}

customElements.define("server-users", ServerUsers);
