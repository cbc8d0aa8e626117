/** Sets a new password through a link that an administrator created. */
import { setError, field } from "../lib/dialog.js";
import { fill, h } from "../lib/dom.js";
import { ApiError } from "../lib/errors.js";
import { t } from "../lib/i18n.js";
import { passwordHint, tooShort, withEye } from "../lib/password.js";
import { LinkForm, signIn } from "./link-form.js";

/** @import {Data} from "./link-form.js" */

export class ResetForm extends LinkForm {
  path = "api/reset";
  /** Whose password it sets. */
  #owner = { userId: "", name: "" };
  #password = h("input", {
    class: "input",
    id: "password",
    type: "password",
    autocomplete: "new-password",
  });

  /** What is said of a dead link, "" while it is not known to be one. */
  #said = "";

  get heading() {
    return t("reset.title");
  }

  get refused() {
    return t(this.#mails ? "reset.refusedMail" : "reset.refused");
  }

  /** Whether the server mails a new link to somebody who is not signed in. */
  get #mails() {
    const { server, me } = /** @type {Data} */ (this.data).chat.store.state;
    return Boolean(server?.resetByMail) && !me;
  }

  // Lifecycle

  /** The facts about the server may come after the answer about the link. @param {Data} data */
  update(data) {
    super.update(data);
    if (this.#said && this.#said !== this.refused) this.refusal(this.refused);
  }

  // Actions

  check() {
    this.#said = "";
    return super.check();
  }

  /** @param {string} why */
  refusal(why) {
    super.refusal(why);
    this.#said = why;
    if (!this.#mails) return;
    const again = h("a", { class: "button primary large", href: "#/forgot" }, t("reset.again"));
    this.card.querySelector(".button")?.before(again);
  }

  /** @param {{userId: string, name: string}} owner */
  ask(owner) {
    this.#owner = owner;
    const { userId, name } = owner;
    fill(this.go, t("reset.action"));
    fill(
      this.card,
      h(
        "form",
        { novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
        h("h2", null, t("reset.title")),
        h("p", { class: "owner" }, h("b", null, name), " ", h("small", null, `@${userId}`)),
        this.notice,
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
        this.go,
      ),
    );
    this.#password.focus();
  }

  /** @param {unknown} error */
  failed(error) {
    if (error instanceof ApiError && error.status === 403) return this.refuse(error);
    if (error instanceof ApiError && error.field === "password") {
      setError(this.#password, error.message);
      return this.#password.focus();
    }
    super.failed(error);
  }

  // Internal

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const password = this.#password.value;
    const wrong = tooShort(password);
    setError(this.#password, wrong);
    if (wrong) return this.#password.focus();
    this.run(async () => {
      const { chat } = /** @type {Data} */ (this.data);
      await chat.client.ask("POST", "api/reset", { token: this.token, password });
      await signIn(this, chat, this.#owner.userId, password);
    });
  }
}

customElements.define("reset-form", ResetForm);
