/**
 * A forgotten password: the server mails a link. Whether there is such an account is not told.
 * Emits `language-choose`.
 */
import { setError, field } from "../lib/dialog.js";
import { fill, h } from "../lib/dom.js";
import { errorText } from "../lib/errors.js";
import { lang, t } from "../lib/i18n.js";
import { icon } from "../lib/icons.js";
import { View } from "../lib/view.js";
import { languageSwitch } from "./language-switch.js";
import { sheet } from "./sheet.js";

/** @import {Chat} from "../state/chat.js" */
/** @typedef {{chat: Chat, name: string}} Data with the server’s name */

/** @extends {View<Data>} */
export class ForgotForm extends View {
  #title = h("h1");
  #card = h("div", { class: "card" });
  #notice = h("p", { class: "notice", role: "alert", hidden: true });
  #go = h("button", { class: "button primary large", type: "submit" }, t("forgot.action"));
  #who = h("input", {
    class: "input",
    id: "who",
    name: "user",
    type: "text",
    autocomplete: "username",
    autocapitalize: "none",
    spellcheck: "false",
  });

  // Lifecycle

  build() {
    this.append(sheet(this.#title, this.#card), languageSwitch());
    fill(
      this.#card,
      h(
        "form",
        { novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
        h("h2", null, t("login.forgot")),
        this.#notice,
        field(t("forgot.who"), this.#who, t("forgot.hint")),
        this.#go,
      ),
      back(),
    );
    this.#who.focus();
  }

  /** @param {Data} data */
  update({ name }) {
    fill(this.#title, name || t("product"));
  }

  get heading() {
    return t("login.forgot");
  }

  // Internal

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    if (this.#go.getAttribute("aria-busy")) return;
    this.#notice.hidden = true;
    const user = this.#who.value.trim();
    setError(this.#who, user ? "" : t("forgot.needed"));
    if (!user) return this.#who.focus();
    this.#go.setAttribute("aria-busy", "true");
    try {
      const { client } = /** @type {Data} */ (this.data).chat;
      await client.ask("POST", "api/reset/mail", { user, language: lang() });
      this.#sent();
    } catch (error) {
      const text = h("span", null, errorText(error));
      fill(this.#notice, icon("warning", "small"), text).hidden = false;
    }
    this.#go.removeAttribute("aria-busy");
  }

  #sent() {
    const title = h("h2", { tabindex: "-1" }, t("forgot.sentTitle"));
    fill(
      this.#card,
      h(
        "div",
        { class: "sent", role: "status" },
        title,
        h("p", null, t("forgot.sent")),
        h("p", { class: "meta" }, t("forgot.nothing")),
      ),
      back(),
    );
    title.focus();
  }
}

// Internal

function back() {
  return h("a", { class: "forgot", href: "#/sign-in" }, t("forgot.back"));
}

customElements.define("forgot-form", ForgotForm);
