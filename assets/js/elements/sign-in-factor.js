/**
 * Setting up the two-step login that the server requires before somebody signs in: the QR code with a
 * code of the app, then the recovery codes. The form stays beside it, hidden, with what was typed.
 */
import { field, setError } from "../lib/dialog.js";
import { fill, h } from "../lib/dom.js";
import { ApiError, errorText } from "../lib/errors.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { codeInput } from "./code-input.js";
import { action, recoveryOf, secretOf } from "./factor-parts.js";
import { sheet } from "./sheet.js";

/** @import {LoginForm} from "./login-form.js" */
/**
 * @typedef {object} Data
 * @property {{userId: string, password: string}} person
 * @property {LoginForm} form
 * @property {string} name the server’s
 * @property {(method: string, path: string, body?: object) => Promise<any>} ask
 */

const PATH = "api/login/second_factor";

/** @extends {View<Data>} */
export class SignInFactor extends View {
  #title = h("h1");
  #card = h("div", { class: "card" });
  #notice = h("p", { class: "notice", role: "alert", hidden: true });
  #go = h("button", { class: "button primary large", type: "submit" });
  #input = codeInput("sign-in-factor");
  /** What the button does next. */
  #next = () => this.#setUp();

  // Lifecycle

  build() {
    this.append(sheet(this.#title, this.#card));
    fill(this.#go, t("factor.continue"));
    this.#show(h("p", null, t("factor.required")));
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
    this.#go.focus();
  }

  // Internal

  /** @param {...(Node|false)} content */
  #show(...content) {
    const back = action("quiet back", "factor.back", () => this.#back());
    fill(
      this.#card,
      h(
        "form",
        { novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
        h("h2", null, t("factor.title")),
        ...content,
        this.#notice,
        this.#go,
        h("div", { class: "spread" }, back),
      ),
    );
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    if (this.#go.getAttribute("aria-busy")) return;
    this.#notice.hidden = true;
    this.#go.setAttribute("aria-busy", "true");
    try {
      await this.#next();
    } catch (error) {
      this.#fail(error);
    }
    this.#go.removeAttribute("aria-busy");
  }

  /** Sets a secret up and shows it. */
  async #setUp() {
    const made = await this.#ask(PATH, {});
    this.#show(...secretOf(made), field(t("factor.code"), this.#input));
    fill(this.#go, t("factor.turnOn"));
    this.#next = () => this.#confirm();
    this.#input.focus();
  }

  async #confirm() {
    const code = this.#input.value.trim();
    setError(this.#input, code ? "" : t("factor.needed"));
    if (!code) return this.#input.focus();
    const { recoveryCodes } = await this.#ask(`${PATH}/confirm`, { code });
    const { content, copy } = recoveryOf(recoveryCodes, this.data?.person.userId ?? "");
    const done = action("primary large done", "factor.continue", () => {
      location.hash = "#/rooms";
      // The session is that of the cookie now.
      location.reload();
    });
    fill(this.#card, h("h2", null, t("factor.recovery")), ...content, done);
    copy.focus();
  }

  /** @param {string} path @param {object} more @returns {Promise<any>} */
  #ask(path, more) {
    const { userId, password } = /** @type {Data} */ (this.data).person;
    return /** @type {Data} */ (this.data).ask("POST", path, { userId, password, ...more });
  }

  /** @param {unknown} error */
  #fail(error) {
    if (error instanceof ApiError && error.field === "code") {
      setError(this.#input, t("factor.wrong"));
      this.#input.select();
      return;
    }
    fill(this.#notice, icon("warning", "small"), h("span", null, errorText(error))).hidden = false;
  }

  #back() {
    if (this.data) this.data.form.hidden = false;
    this.remove();
  }
}

customElements.define("sign-in-factor", SignInFactor);
