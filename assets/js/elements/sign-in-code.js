/**
 * The second step of signing in: a code of an authenticator app, or a recovery code. The form stays
 * beside it, hidden, with what was typed. Emits `session-open`; errors are shown by `fail`.
 */
import { field, setError } from "../lib/dialog.js";
import { emit, fill, h } from "../lib/dom.js";
import { ApiError, errorText } from "../lib/errors.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { codeInput } from "./code-input.js";
import { sheet } from "./sheet.js";

/** @import {LoginForm} from "./login-form.js" */
/** @typedef {{userId: string}} Person with what else was typed */
/** @typedef {{person: Person, form: LoginForm, name: string}} Data `name` is the server’s */

/** @extends {View<Data>} */
export class SignInCode extends View {
  #title = h("h1");
  #card = h("div", { class: "card" });
  #notice = h("p", { class: "notice", role: "alert", hidden: true });
  #go = h("button", { class: "button primary large", type: "submit" }, t("login.signIn"));
  #input = codeInput("sign-in-code");

  // Lifecycle

  build() {
    this.append(sheet(this.#title, this.#card));
    this.#ask(false);
  }

  /** @param {AbortSignal} signal */
  subscribe(signal) {
    // The form stands for another page then.
    addEventListener("hashchange", () => this.#back(), { signal });
  }

  /** @param {Data} data */
  update({ form, name }) {
    fill(this.#title, name || t("product"));
    form.hidden = true;
    this.#input.focus();
  }

  // Actions

  /** @param {unknown} error */
  fail(error) {
    this.#go.removeAttribute("aria-busy");
    if (error instanceof ApiError && error.code === "invalid_credentials") {
      setError(this.#input, t("factor.wrong"));
      this.#input.select();
      return;
    }
    fill(this.#notice, icon("warning", "small"), h("span", null, errorText(error))).hidden = false;
  }

  // Internal

  /** @param {boolean} recovery for a recovery code */
  #ask(recovery) {
    this.#input = codeInput("sign-in-code", recovery);
    this.#notice.hidden = true;
    const other = h(
      "button",
      {
        class: "button quiet other",
        type: "button",
        onclick: () => this.#ask(!recovery),
      },
      t(recovery ? "factor.useApp" : "factor.useRecovery"),
    );
    const back = h(
      "button",
      { class: "button quiet back", type: "button", onclick: () => this.#back() },
      t("factor.back"),
    );
    fill(
      this.#card,
      h(
        "form",
        { novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
        h("h2", null, t("factor.title")),
        h("p", null, t(recovery ? "factor.recoveryHint" : "factor.signInHint")),
        this.#notice,
        field(t(recovery ? "factor.recoveryCode" : "factor.code"), this.#input),
        this.#go,
        h("div", { class: "spread" }, back, other),
      ),
    );
    this.#input.focus();
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    if (this.#go.getAttribute("aria-busy")) return;
    this.#notice.hidden = true;
    const code = this.#input.value.trim();
    setError(this.#input, code ? "" : t("factor.needed"));
    if (!code) return this.#input.focus();
    this.#go.setAttribute("aria-busy", "true");
    emit(this, "session-open", { ...this.data?.person, code });
  }

  #back() {
    if (this.data) this.data.form.hidden = false;
    this.remove();
  }
}

customElements.define("sign-in-code", SignInCode);
