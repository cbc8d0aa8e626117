/**
 * Sets a new password through a link that an administrator created. The link is checked before a
 * field is filled in. When the password is set, its user is signed in.
 */
import { setError, field } from "../lib/dialog.js";
import { fill, h } from "../lib/dom.js";
import { ApiError, errorText } from "../lib/errors.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { passwordHint, tooShort, withEye } from "../lib/password.js";
import { View } from "../lib/view.js";

/** @import {Chat} from "../state/chat.js" */
/** @typedef {{token: string, chat: Chat, name: string}} Data the link, and the server’s name */

/** @extends {View<Data>} */
export class ResetForm extends View {
  /** The link that was checked. */
  #token = "";
  /** Whose password it sets. */
  #owner = { userId: "", name: "" };
  #title = h("h1");
  #card = h("div", { class: "card" });
  #notice = h("p", { class: "notice", role: "alert", hidden: true });
  #go = h("button", { class: "button primary large", type: "submit" }, t("reset.action"));
  #password = h("input", {
    class: "input",
    id: "password",
    type: "password",
    autocomplete: "new-password",
  });

  // Lifecycle

  build() {
    this.append(
      h(
        "main",
        { class: "sheet" },
        h(
          "div",
          { class: "brand" },
          h("span", { class: "logo" }, icon("logo")),
          this.#title,
          h("p", null, location.host),
        ),
        this.#card,
      ),
    );
  }

  /** @param {Data} data */
  update({ token, name }) {
    fill(this.#title, name || t("product"));
    if (token === this.#token) return;
    this.#token = token;
    this.#check();
  }

  // Internal

  async #check() {
    fill(this.#card, h("p", { class: "meta", role: "status" }, t("reset.checking")));
    try {
      const { client } = /** @type {Data} */ (this.data).chat;
      this.#owner = await client.ask("POST", "api/reset/check", { token: this.#token });
      this.#ask();
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** Instead of the form: what is wrong with the link. @param {unknown} error */
  #refuse(error) {
    const refused = error instanceof ApiError && error.status === 403;
    fill(
      this.#card,
      h(
        "p",
        { class: "notice", role: "alert" },
        icon("warning", "small"),
        h("span", null, refused ? t("reset.refused") : errorText(error)),
      ),
      refused
        ? h("a", { class: "button large", href: "#/sign-in" }, t("login.signIn"))
        : h(
            "button",
            { class: "button large", type: "button", onclick: () => this.#check() },
            t("connection.retry"),
          ),
    );
  }

  #ask() {
    const { userId, name } = this.#owner;
    fill(
      this.#card,
      h(
        "form",
        { novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
        h("h2", null, t("reset.title")),
        h("p", { class: "owner" }, h("b", null, name), " ", h("small", null, `@${userId}`)),
        this.#notice,
        // For password managers.
        h("input", {
          class: "visually-hidden",
          type: "text",
          autocomplete: "username",
          value: userId,
          readonly: true,
          tabindex: "-1",
          "aria-hidden": "true",
        }),
        field(t("profile.newPassword"), this.#password, passwordHint(), withEye(this.#password)),
        h("p", { class: "meta" }, t("reset.hint")),
        this.#go,
      ),
    );
    this.#password.focus();
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    if (this.#go.getAttribute("aria-busy")) return;
    this.#notice.hidden = true;
    const password = this.#password.value;
    const wrong = tooShort(password);
    setError(this.#password, wrong);
    if (wrong) return this.#password.focus();
    this.#go.setAttribute("aria-busy", "true");
    try {
      const { chat } = /** @type {Data} */ (this.data);
      await chat.client.ask("POST", "api/reset", { token: this.#token, password });
      await signIn(chat, this.#owner.userId, password);
    } catch (error) {
      this.#failed(error);
    }
    this.#go.removeAttribute("aria-busy");
  }

  /** @param {unknown} error */
  #failed(error) {
    if (error instanceof ApiError && error.status === 403) return this.#refuse(error);
    if (error instanceof ApiError && error.field === "password") {
      setError(this.#password, error.message);
      return this.#password.focus();
    }
    fill(this.#notice, icon("warning", "small"), h("span", null, errorText(error))).hidden = false;
  }
}

// Internal

/** @param {Chat} chat @param {string} userId @param {string} password */
async function signIn(chat, userId, password) {
  const { me } = chat.store.state;
  // If this fails, the page to sign in is next.
  await (me ? chat.client.login(userId, password) : chat.signIn(userId, password)).catch(() => {});
  location.hash = "#/rooms";
  // Somebody else may have been signed in.
  if (me) location.reload();
}

customElements.define("reset-form", ResetForm);
