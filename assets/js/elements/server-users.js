/**
 * The accounts of the server: search, create, disable, make administrator. A new password is shown
 * once.
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
  make({ name, display_name: shown }) {
    const change = (/** @type {string} */ verb) => async () =>
      this.#replace(await this.data?.command({ [verb]: { name } }));
    const buttons = h(
      "span",
      { class: "acts wrap", role: "group", "aria-label": shown },
      this.button(t("server.endSessions"), "end-sessions", async (button) => {
        const [{ sessions_ended: n = 0 } = {}] =
          (await this.data?.command({ "user.logout": { name } })) ?? [];
        fill(button, t("server.sessionsEnded", { n }));
      }),
      this.button(t("server.promote"), "promote", change("user.promote")),
      this.button(t("server.demote"), "demote", change("user.demote")),
      this.button(t("server.disable"), "disable danger", change("user.disable")),
      this.button(t("server.enable"), "enable", change("user.enable")),
    );
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
      buttons,
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
    const hide = (/** @type {string} */ button, /** @type {boolean} */ hidden) =>
      set(/** @type {HTMLElement} */ (node.querySelector(`.${button}`)), { hidden });
    // Nobody locks themselves out.
    hide("promote", admin || disabled);
    hide("demote", !admin || mine);
    hide("disable", disabled || mine);
    hide("enable", !disabled);
    hide("end-sessions", disabled || mine);
  }

  // Internal

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
