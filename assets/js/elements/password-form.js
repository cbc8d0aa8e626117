/**
 * Changes my password, or says that it is not changed here. `save` is handed down by chat-app.
 */
import { ApiError } from "../lib/errors.js";
import { setError, field } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { form } from "../lib/form.js";
import { t } from "../lib/i18n.js";
import { passwordHint, tooShort } from "../lib/password.js";
import { View } from "../lib/view.js";

/**
 * @typedef {{userId: string, elsewhere: boolean, save: (change: {password: string, currentPassword: string}) =>
 *   Promise<unknown>}} Data
 */

/** @extends {View<Data>} */
export class PasswordForm extends View {
  /** For password managers only. */
  #user = h("input", {
    type: "text",
    autocomplete: "username",
    hidden: true,
    "aria-hidden": "true",
    tabindex: "-1",
    readonly: true,
  });
  #old = h("input", {
    class: "input",
    id: "old-password",
    type: "password",
    autocomplete: "current-password",
  });
  #new = h("input", {
    class: "input",
    id: "new-password",
    type: "password",
    autocomplete: "new-password",
  });

  #form = form(
    t("profile.changePassword"),
    () => this.#save(),
    [
      this.#user,
      field(t("profile.currentPassword"), this.#old),
      field(t("profile.newPassword"), this.#new, passwordHint()),
    ],
    { password: this.#new, currentPassword: this.#old },
  );
  #elsewhere = h("p", { class: "elsewhere", hidden: true }, t("profile.passwordElsewhere"));

  // Lifecycle

  build() {
    this.append(this.#form, this.#elsewhere);
  }

  /** @param {Data} data */
  update({ userId, elsewhere }) {
    this.#user.value = userId;
    this.#form.hidden = elsewhere;
    this.#elsewhere.hidden = !elsewhere;
  }

  // Internal

  async #save() {
    setError(this.#old, this.#old.value ? "" : t("login.passwordNeeded"));
    setError(this.#new, tooShort(this.#new.value));
    const wrong = [this.#old, this.#new].find((input) => input.getAttribute("aria-invalid"));
    if (wrong) {
      wrong.focus();
      return "";
    }
    try {
      await this.data?.save({ currentPassword: this.#old.value, password: this.#new.value });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
      setError(this.#old, t("profile.wrongPassword"));
      this.#old.focus();
      return "";
    }
    this.#old.value = this.#new.value = "";
    return t("profile.passwordChanged");
  }
}

customElements.define("password-form", PasswordForm);
