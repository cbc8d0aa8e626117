/**
 * Two-step login: its state, and the dialogs that turn it on and off. Where the server does not
 * offer it and it is off, there is nothing to see.
 */
import { field, openDialog, setError } from "../lib/dialog.js";
import { fill, h, setText } from "../lib/dom.js";
import { ApiError, errorText } from "../lib/errors.js";
import { section } from "../lib/form.js";
import { icon } from "../lib/icons.js";
import { join, t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { codeInput } from "./code-input.js";
import { action, recoveryOf, secretOf } from "./factor-parts.js";

/**
 * @typedef {object} Data
 * @property {(method: string, path: string, body?: object) => Promise<any>} ask
 * @property {() => Promise<HTMLElement>} host what holds a dialog
 * @property {string} userId
 */
/** @typedef {{dialog: HTMLDialogElement, form: HTMLElement, go: HTMLElement}} Dialog */

const PATH = "api/users/me/second_factor";

/** @extends {View<Data>} */
export class SecondFactor extends View {
  #note = h("p", { class: "notice", role: "alert", hidden: true });
  #state = h("p", { class: "state" });
  #buttons = h("div", { class: "wrap" });

  // Lifecycle

  build() {
    this.hidden = true;
    this.append(section(t("factor.title"), null, this.#note, this.#state, this.#buttons));
  }

  /** The state is loaded again each time the page is opened. */
  subscribe() {
    queueMicrotask(() => this.#load());
  }

  // Internal

  async #load() {
    if (!this.data) return;
    try {
      const { available, enabled, required, recoveryCodes } = await this.data.ask("GET", PATH);
      this.hidden = !available && !enabled;
      this.#note.hidden = true;
      const left = t("factor.left", { n: recoveryCodes });
      setText(this.#state, enabled ? join(t("factor.on"), left) : t("factor.hint"));
      fill(
        this.#buttons,
        enabled
          ? [
              action("new-codes", "factor.newCodes", () => this.#useCode(true)),
              required
                ? h("p", { class: "meta kept" }, t("factor.kept"))
                : action("turn-off danger", "factor.turnOff", () => this.#useCode(false)),
            ]
          : action("turn-on", "factor.turnOn", () => this.#turnOn()),
      );
    } catch (error) {
      fill(this.#note, icon("warning", "small"), h("span", null, errorText(error))).hidden = false;
    }
  }

  /** Three steps in one dialog: the password, the QR code with a code, the recovery codes. */
  async #turnOn() {
    const host = await this.data?.host();
    if (!host) return;
    const password = passwordInput();
    let step = () => this.#setUp(dialog, password).then((next) => next && (step = next));
    const dialog = openDialog({
      host,
      title: t("factor.title"),
      action: t("factor.continue"),
      content: [h("p", null, t("factor.passwordHint")), ...this.#passwordField(password)],
      submit: async () => {
        await step();
        return false;
      },
    });
    password.focus();
  }

  /**
   * Sets a secret up and shows it.
   * @param {Dialog} dialog
   * @param {HTMLInputElement} password
   * @returns {Promise<(() => Promise<any>)|undefined>} what confirms it; none: the password is wrong
   */
  async #setUp(dialog, password) {
    if (!filled(password, "login.passwordNeeded")) return;
    const asked = this.data?.ask("POST", PATH, { password: password.value });
    const made = await answered(asked, password, password);
    if (!made) return;
    const code = codeInput("factor-code");
    const problem = content(dialog).querySelector(".notice");
    fill(content(dialog), ...secretOf(made), field(t("factor.code"), code), problem);
    setText(dialog.go, t("factor.turnOn"));
    code.focus();
    return () => this.#confirm(dialog, code);
  }

  /** @param {Dialog} dialog @param {HTMLInputElement} code */
  async #confirm(dialog, code) {
    if (!filled(code, "factor.needed")) return;
    const asked = this.data?.ask("POST", `${PATH}/confirm`, { code: code.value });
    const made = await answered(asked, code);
    if (made) this.#showCodes(dialog, made.recoveryCodes);
  }

  /** Asks for the password and a code. @param {boolean} renew new recovery codes; false: turn off */
  async #useCode(renew) {
    const host = await this.data?.host();
    if (!host) return;
    const [password, code] = [passwordInput(), codeInput("factor-code", true)];
    const dialog = openDialog({
      host,
      title: t(renew ? "factor.newCodes" : "factor.turnOffTitle"),
      action: t(renew ? "factor.newCodes" : "factor.turnOff"),
      danger: !renew,
      content: [
        h("p", null, t(renew ? "factor.newCodesText" : "factor.turnOffText")),
        ...this.#passwordField(password),
        field(t("factor.either"), code),
      ],
      submit: async () => {
        if (!filled(password, "login.passwordNeeded") || !filled(code, "factor.needed"))
          return false;
        const body = { password: password.value, code: code.value };
        const path = `${PATH}/${renew ? "recovery_codes" : "off"}`;
        const done = await answered(this.data?.ask("POST", path, body), code, password);
        if (done === undefined) return false;
        if (renew) this.#showCodes(dialog, done.recoveryCodes);
        else this.#load();
        return !renew;
      },
    });
    password.focus();
  }

  /** @param {Dialog} dialog @param {string[]} codes */
  #showCodes({ dialog, form, go }, codes) {
    const { content: shown, copy } = recoveryOf(codes, this.data?.userId ?? "");
    setText(/** @type {Element} */ (form.querySelector("h2")), t("factor.recovery"));
    fill(content({ form }), ...shown);
    go.remove();
    const close = /** @type {HTMLElement} */ (form.querySelector(".foot .button"));
    setText(close, t("action.close"));
    copy.focus();
    dialog.addEventListener("close", () => this.#load(), { once: true });
  }

  /** With the name of the account, for password managers. @param {HTMLInputElement} password */
  #passwordField(password) {
    const user = h("input", {
      type: "text",
      autocomplete: "username",
      value: this.data?.userId ?? "",
      hidden: true,
      readonly: true,
      tabindex: "-1",
      "aria-hidden": "true",
    });
    return [user, field(t("login.password"), password)];
  }
}

// Internal

function passwordInput() {
  return h("input", {
    class: "input",
    id: "factor-password",
    type: "password",
    autocomplete: "current-password",
  });
}

/** @param {{form: HTMLElement}} dialog */
function content({ form }) {
  return /** @type {Element} */ (form.querySelector(".content"));
}

/** @param {HTMLInputElement} input @param {string} missing what is said if it is empty */
function filled(input, missing) {
  const is = Boolean(input.value.trim());
  setError(input, is ? "" : t(missing));
  if (!is) input.focus();
  return is;
}

/**
 * The answer; undefined: it was refused because of a field, which says so.
 * @param {Promise<any>|undefined} asked
 * @param {HTMLInputElement} code
 * @param {HTMLInputElement} [password]
 */
async function answered(asked, code, password) {
  try {
    return (await asked) ?? null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const wrong = error.status === 403 ? password : error.field === "code" && code;
    if (!wrong) throw error;
    setError(wrong, t(wrong === password ? "profile.wrongPassword" : "factor.wrong"));
    wrong.focus();
    wrong.select();
    return undefined;
  }
}

customElements.define("second-factor", SecondFactor);
