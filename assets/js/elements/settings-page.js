/** My name, the language and the look, my password. `save` and `change` are handed down by chat-app; emits `session-close`, `language-choose`, `theme-choose`. */
import { ApiError } from "../api/client.js";
import { errorText, fault, field } from "../lib/dialog.js";
import { act, h, say } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { lang, LANGUAGES, t } from "../lib/i18n.js";
import { lengthOf } from "../lib/text.js";
import { Piece } from "../lib/piece.js";
import { theme } from "../lib/theme.js";
import { avatar } from "./user-avatar.js";

/** @import {User} from "../types.js" */

/** @typedef {{me: User, save: (change: {name?: string, password?: string, currentPassword?: string}) => Promise<unknown>}} Data */

const NAME_LONGEST = 64;
const SHORTEST_PASSWORD = 8;

/** @extends {Piece<Data>} */
export class SettingsPage extends Piece {
  #face = avatar({ id: "", name: "", size: "l" });
  #name = h("input", { class: "input", id: "display-name", type: "text", autocomplete: "name" });
  #login = h("input", { class: "input", id: "login-name", type: "text", disabled: true });
  #old = h("input", { class: "input", id: "old-password", type: "password", autocomplete: "current-password" });
  #new = h("input", { class: "input", id: "new-password", type: "password", autocomplete: "new-password" });
  #shown = "";

  // Lifecycle

  build() {
    const languages = h("select", { class: "input", id: "language", onchange: () => act(this, "language-choose", languages.value) },
      Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, lang: code, selected: code === lang() }, name)));
    const looks = [["", "theme.system"], ["light", "theme.light"], ["dark", "theme.dark"]].map(([value, key]) =>
      h("label", null, h("input", { type: "radio", name: "theme", value, checked: theme() === value, onchange: () => act(this, "theme-choose", value) }), t(key)));
    this.append(
      h("header", { class: "bar" }, h("h1", null, t("profile.title")),
        h("button", { class: "button quiet sign-out", type: "button", onclick: () => act(this, "session-close") }, icon("signOut", "small"), t("profile.signOut"))),
      h("div", { class: "body" },
        section("profile.profile", h("div", { class: "profile" }, this.#face, this.#form("action.save", () => this.#saveName(),
          field(t("login.name"), this.#name), field(t("login.user"), this.#login, t("profile.userHint"))))),
        section("profile.look", h("div", { class: "form" }, field(t("language.title"), languages),
          h("div", { class: "field" }, h("span", { class: "label", id: "theme-label" }, t("theme.title")),
            h("div", { class: "segmented tall", role: "radiogroup", "aria-labelledby": "theme-label" }, looks)))),
        section("login.password", this.#form("profile.changePassword", () => this.#savePassword(),
          field(t("profile.oldPassword"), this.#old), field(t("profile.newPassword"), this.#new, t("login.passwordHint", { n: SHORTEST_PASSWORD }))))));
  }

  /** @param {Data} data */
  update({ me }) {
    this.#face.face = { id: me.userId, name: me.name, size: "l" };
    if (this.#shown === me.name) return;
    this.#shown = me.name;
    this.#name.value = me.name;
    this.#login.value = me.userId;
  }

  // Internal

  /**
   * @param {string} action
   * @param {() => Promise<string>} save returns what to say
   * @param {...HTMLElement} fields
   */
  #form(action, save, ...fields) {
    const note = h("p", { class: "meta", role: "status" });
    const go = h("button", { class: "button primary", type: "submit" }, t(action));
    return h("form", { class: "form", novalidate: true, onsubmit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      say(note, "");
      go.setAttribute("aria-busy", "true");
      say(note, await save().catch(errorText));
      go.removeAttribute("aria-busy");
    } }, fields, h("div", { class: "wrap" }, go, note));
  }

  async #saveName() {
    const name = this.#name.value.trim();
    fault(this.#name, !name ? t("profile.nameNeeded") : lengthOf(name) > NAME_LONGEST ? t("login.tooLong", { n: NAME_LONGEST }) : "");
    if (this.#name.getAttribute("aria-invalid")) return "";
    await this.data?.save({ name });
    return t("profile.saved");
  }

  async #savePassword() {
    fault(this.#old, this.#old.value ? "" : t("login.passwordNeeded"));
    fault(this.#new, lengthOf(this.#new.value) < SHORTEST_PASSWORD ? t("login.passwordHint", { n: SHORTEST_PASSWORD }) : "");
    const wrong = [this.#old, this.#new].find((input) => input.getAttribute("aria-invalid"));
    if (wrong) {
      wrong.focus();
      return "";
    }
    try {
      await this.data?.save({ currentPassword: this.#old.value, password: this.#new.value });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
      fault(this.#old, t("profile.wrongPassword"));
      return "";
    }
    this.#old.value = this.#new.value = "";
    return t("profile.passwordChanged");
  }
}

/** @param {string} title @param {HTMLElement} content */
function section(title, content) {
  return h("section", null, h("div", { class: "section-head wrap" }, h("h2", null, t(title))), content);
}

customElements.define("settings-page", SettingsPage);
