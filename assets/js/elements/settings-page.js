/**
 * My profile, the language and the look, notifications, my password, my sessions, the end of my
 * account. Commands are handed down by chat-app; emits `session-close`, `sessions-close`,
 * `account-delete`, `language-choose`, `theme-choose`.
 */
import { field } from "../lib/dialog.js";
import { emit, h } from "../lib/dom.js";
import { section } from "../lib/form.js";
import { icon } from "../lib/icons.js";
import { lang, LANGUAGES, t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { theme } from "../lib/theme.js";
import "../lib/more-icons.js";
import "./attention-form.js";
import "./notification-settings.js";
import "./password-form.js";
import "./profile-form.js";
import "./push-settings.js";
import "./second-factor.js";
import "./session-list.js";
import "./token-list.js";

/** @import {User} from "../types.js" */
/** @import {Change, SessionInfo} from "../types-own.js" */
/** @import {Send} from "../state/uploader.js" */

/**
 * @typedef {object} Data
 * @property {User & {directory?: boolean}} me `directory`: the LDAP directory keeps my password
 * @property {(change: Change) => Promise<unknown>} save
 * @property {Send} upload
 * @property {boolean} passwords people sign in with passwords of this server
 * @property {() => Promise<SessionInfo[]>} sessions
 * @property {(id: string) => Promise<unknown>} endSession
 * @property {import("./token-list.js").Data} tokens
 * @property {import("../state/chat.js").Chat} push
 * @property {import("../types-own.js").Preferences|null} preferences
 * @property {(change: object) => Promise<unknown>} prefer
 */

/** @extends {View<Data>} */
export class SettingsPage extends View {
  #profile = /** @type {any} */ (document.createElement("profile-form"));
  #password = /** @type {any} */ (document.createElement("password-form"));
  #server = section(
    t("server.title"),
    null,
    h("p", null, t("server.hint")),
    h(
      "div",
      { class: "wrap" },
      h("a", { class: "button server", href: "#/server" }, t("server.open")),
    ),
  );
  #attention = /** @type {any} */ (document.createElement("attention-form"));
  #factor = /** @type {any} */ (document.createElement("second-factor"));
  #sessions = /** @type {any} */ (document.createElement("session-list"));
  #tokens = /** @type {any} */ (document.createElement("token-list"));
  #push = /** @type {any} */ (document.createElement("push-settings"));

  // Lifecycle

  build() {
    const everywhere = h(
      "button",
      {
        class: "button danger everywhere",
        type: "button",
        onclick: () => emit(this, "sessions-close"),
      },
      t("session.everywhere"),
    );
    this.append(
      h(
        "header",
        { class: "bar" },
        h("h1", null, t("profile.title")),
        h(
          "button",
          {
            class: "button quiet sign-out",
            type: "button",
            onclick: () => emit(this, "session-close"),
          },
          icon("signOut", "small"),
          t("profile.signOut"),
        ),
      ),
      h(
        "div",
        { class: "body" },
        section(t("profile.profile"), null, this.#profile),
        section(t("profile.appearance"), null, this.#look()),
        this.#notify(),
        section(t("login.password"), null, this.#password),
        this.#factor,
        section(t("session.title"), everywhere, this.#sessions),
        this.#tokens,
        this.#server,
        section(
          t("account.title"),
          null,
          h("p", null, t("account.text")),
          h(
            "div",
            { class: "wrap" },
            h(
              "button",
              {
                class: "button danger delete-account",
                type: "button",
                onclick: () => emit(this, "account-delete"),
              },
              t("account.delete"),
            ),
          ),
        ),
      ),
    );
  }

  /** @param {Data} data */
  update({ me, save, upload, sessions, endSession, preferences, prefer, push, tokens, passwords }) {
    this.#attention.data = { preferences, save: prefer };
    this.#server.hidden = !me.admin;
    this.#profile.data = { me, save, upload };
    this.#password.data = { userId: me.userId, elsewhere: Boolean(me.directory), save };
    const own = this.#password.parentElement;
    if (own) own.hidden = !passwords;
    this.#sessions.data ??= { list: sessions, end: endSession };
    this.#tokens.data = { ...tokens, me };
    this.#push.data ??= push;
    this.#factor.data = { ask: tokens.ask, host: tokens.host, userId: me.userId };
  }

  // Internal

  #notify() {
    const here = document.createElement("notification-settings");
    return section(t("notify.title"), null, here, this.#push, this.#attention);
  }

  #look() {
    const languages = h(
      "select",
      {
        class: "input",
        id: "language",
        onchange: () => emit(this, "language-choose", languages.value),
      },
      Object.entries(LANGUAGES).map(([code, name]) =>
        h("option", { value: code, lang: code, selected: code === lang() }, name),
      ),
    );
    const looks = [
      ["", "theme.system"],
      ["light", "theme.light"],
      ["dark", "theme.dark"],
    ].map(([value, key]) =>
      h(
        "label",
        null,
        h("input", {
          type: "radio",
          name: "theme",
          value,
          checked: theme() === value,
          onchange: () => emit(this, "theme-choose", value),
        }),
        t(key),
      ),
    );
    return h(
      "div",
      { class: "form" },
      field(t("language.title"), languages),
      h(
        "div",
        { class: "field" },
        h("span", { class: "label", id: "theme-label" }, t("theme.title")),
        h(
          "div",
          { class: "segmented tall", role: "radiogroup", "aria-labelledby": "theme-label" },
          looks,
        ),
      ),
      h(
        "div",
        { class: "wrap" },
        h(
          "button",
          {
            class: "button shortcuts",
            type: "button",
            onclick: () => emit(this, "shortcuts-show"),
          },
          t("shortcuts.title"),
        ),
      ),
    );
  }
}

customElements.define("settings-page", SettingsPage);
