/**
 * My API tokens, each with a button that revokes it, and one that creates another where the server
 * permits it. Without tokens and without that permission there is nothing to see.
 */
import { setError, field, openDialog } from "../lib/dialog.js";
import { fill, h, set } from "../lib/dom.js";
import { ApiError, errorText } from "../lib/errors.js";
import { section } from "../lib/form.js";
import { icon } from "../lib/icons.js";
import { locale, t } from "../lib/i18n.js";
import { langOf } from "../lib/text.js";
import { date, short } from "../lib/time.js";
import { View } from "../lib/view.js";
import "../lib/more-icons.js";
import { LIVES, SCOPES, choice } from "./token-choice.js";
import { showSecret } from "./server-question.js";
import { tooLong } from "./user-name.js";

/** @import {User} from "../types.js" */
/** @import {TokenInfo} from "../types-own.js" */

/**
 * @typedef {object} Data
 * @property {(method: string, path: string, body?: object) => Promise<any>} ask
 * @property {boolean} creates the server permits it
 * @property {() => Promise<HTMLElement>} host what holds a dialog
 * @property {User} [me]
 */

/** @extends {View<Data>} */
export class TokenList extends View {
  #list = h("ul", { class: "sessions frame", hidden: true });
  #note = h("p", { class: "notice", role: "alert", hidden: true });
  #create = h(
    "button",
    { class: "button create-token", type: "button", onclick: () => this.#ask() },
    t("server.addToken"),
  );
  /** @type {TokenInfo[]} */
  #tokens = [];

  // Lifecycle

  build() {
    const hint = h("p", null, t("tokens.hint"));
    this.append(section(t("server.tokens"), this.#create, hint, this.#note, this.#list));
  }

  /** The list is loaded again each time the page is opened. */
  subscribe() {
    queueMicrotask(() => this.#load());
  }

  /** @param {Data} data */
  update({ creates }) {
    this.#create.hidden = !creates;
    this.hidden = !creates && this.#tokens.length === 0;
  }

  // Internal

  async #load() {
    if (!this.data) return;
    try {
      this.#tokens = (await this.data.ask("GET", "api/tokens")).tokens;
      this.#note.hidden = true;
    } catch (error) {
      fill(this.#note, icon("warning", "small"), h("span", null, errorText(error))).hidden = false;
    }
    fill(
      this.#list,
      this.#tokens.map((token) => this.#row(token)),
    ).hidden = this.#tokens.length === 0;
    this.update(this.data);
  }

  /** @param {TokenInfo} token */
  #row({ id, name, scope, lastUsed, expires }) {
    const facts = [
      t(`server.scope-${scope}`),
      lastUsed ? t("tokens.used", { time: short(lastUsed, locale()) }) : t("tokens.unused"),
      expires && t("tokens.ends", { date: date(expires, locale()) }),
    ].filter(Boolean);
    const button = h(
      "button",
      {
        class: "button quiet end",
        type: "button",
        "aria-label": t("tokens.revoke", { name }),
        onclick: async () => {
          set(button, { "aria-busy": "true" });
          await this.data?.ask("DELETE", `api/tokens/${id}`).catch(() => undefined);
          await this.#load();
        },
      },
      t("server.revoke"),
    );
    return h(
      "li",
      { class: "media", "data-token": name },
      h("span", { class: "tile" }, icon("tool")),
      h(
        "span",
        null,
        h("span", { lang: langOf(name) || null }, name),
        h("small", null, facts.join(" · ")),
      ),
      button,
    );
  }

  async #ask() {
    const host = await this.data?.host();
    if (!host) return;
    const name = h("input", {
      class: "input",
      id: "token-name",
      type: "text",
      autocomplete: "off",
    });
    const scopes = this.data?.me?.admin ? SCOPES : SCOPES.filter((scope) => scope !== "admin");
    const scope = choice("token-scope", scopes, (value) => t(`server.scope-${value}`));
    const life = choice("token-life", LIVES, (value) =>
      value ? t("server.days", { n: Number(value) }) : t("server.unlimited"),
    );
    const dialog = openDialog({
      host,
      title: t("server.addToken"),
      action: t("server.addToken"),
      content: [
        field(t("room.name"), name, t("server.tokenNameHint")),
        field(t("server.scope"), scope),
        field(t("server.expires"), life),
      ],
      submit: () => this.#submit(dialog, name, scope.value, Number(life.value)),
    });
    name.focus();
  }

  /**
   * @param {{form: HTMLElement, go: HTMLElement}} dialog
   * @param {HTMLInputElement} input
   * @param {string} scope
   * @param {number} days 0 for ever
   */
  async #submit(dialog, input, scope, days) {
    const name = input.value.trim();
    setError(input, name ? tooLong(name) : t("profile.nameNeeded"));
    if (input.getAttribute("aria-invalid")) {
      input.focus();
      return false;
    }
    try {
      const body = { name, scope, ...(days > 0 && { expiresDays: days }) };
      const made = await this.data?.ask("POST", "api/tokens", body);
      showSecret(dialog, {
        id: "new-secret",
        label: t("server.tokenOf", { name }),
        value: made?.token ?? "",
        hint: t("server.secretOnce"),
      });
      await this.#load();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      setError(input, t("profile.taken"));
      input.focus();
    }
    return false;
  }
}

customElements.define("token-list", TokenList);
