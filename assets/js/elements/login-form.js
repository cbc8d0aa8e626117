/**
 * Sign in, register, or create the first administrator. Emits `session-open`, `language-choose`;
 * errors of the server are shown by `fail`, and by `refused` that the link is not good.
 */
import { setError, field } from "../lib/dialog.js";
import { ApiError, errorText } from "../lib/errors.js";
import { emit, fill, h, set, setText } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { motdOf } from "../lib/identity.js";
import { passwordHint, tooShort, withEye } from "../lib/password.js";
import { languageSwitch } from "./language-switch.js";
import { tooLong, wrongUserName } from "./user-name.js";

/** @import {Server} from "../types.js" */

const LONGEST = { name: 64, password: 256 };

/** Where a field of the API stands in the form. @type {Record<string, string>} */
const FIELDS = { userId: "user", name: "name", password: "password" };

/** The label of the button. */
const SUBMIT = { "sign-in": "login.signIn", register: "login.create", setup: "login.setup" };

export class LoginForm extends HTMLElement {
  /** @type {"sign-in"|"register"|"setup"} */
  #mode = "sign-in";
  #ended = false;
  /** Loads another element. @type {(tag: "sign-in-sso") => Promise<void>} */
  load = () => Promise.resolve();
  /** The link for the first administrator is not good. */
  #refused = false;
  /** @type {Server|null} */
  #server = null;
  #title = h("h1", null, t("product"));
  #motd = h("div");
  #card = h("div", { class: "card" });
  #notice = h("p", { class: "notice", role: "alert", hidden: true });
  #go = h("button", { class: "button primary large", type: "submit" });
  /** @type {HTMLInputElement[]} */
  #inputs = [];

  // Lifecycle

  connectedCallback() {
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
          this.#motd,
        ),
        this.#card,
      ),
      languageSwitch(),
    );
    this.#build();
  }

  /** @param {"sign-in"|"register"|"setup"} mode */
  set mode(mode) {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#refused = false;
    if (this.isConnected) this.#build();
  }

  /** The session was ended elsewhere: that is said until one signs in. @param {boolean} ended */
  set ended(ended) {
    this.#ended = ended;
    this.#why();
  }

  /** @param {Server|null} server */
  set server(server) {
    if (server === this.#server) return;
    this.#server = server;
    setText(this.#title, server?.name || t("product"));
    fill(this.#motd, motdOf(server));
    if (!this.isConnected) return;
    if (this.#mode === "setup" && this.#refused) this.#build();
    else this.#surround();
  }

  /**
   * The link for the first administrator is not good, or is not needed any more.
   * @param {boolean} refused
   */
  set refused(refused) {
    if (refused === this.#refused) return;
    this.#refused = refused;
    if (this.isConnected) this.#build();
  }

  // Actions

  /** What was sent has been answered. */
  settle() {
    this.#go.removeAttribute("aria-busy");
  }

  /** @param {unknown} error */
  fail(error) {
    this.settle();
    const code = error instanceof ApiError ? error.code : "";
    const place = this.#placeOf(error, code);
    const text = this.#textOf(error, code);
    if (place) {
      setError(place, text);
      place.focus();
    } else
      fill(
        set(this.#notice, { class: "notice" }),
        icon("warning", "small"),
        h("span", null, text),
      ).hidden = false;
  }

  // Internal

  /** The field that an error is about. @param {unknown} error @param {string} code */
  #placeOf(error, code) {
    if (error instanceof ApiError && error.field) return this.#input(FIELDS[error.field] ?? "");
    if (code === "invalid_credentials") return this.#input("password");
    return code === "already_exists" ? this.#input("user") : undefined;
  }

  /** @param {unknown} error @param {string} code */
  #textOf(error, code) {
    if (code === "already_exists") return t("login.taken");
    if (code !== "forbidden") return errorText(error);
    return this.#mode === "setup"
      ? this.#whyRefused()
      : t(this.#server?.invitations ? "login.invited" : "login.closed");
  }

  #whyRefused() {
    return t(this.#server?.setup ? "login.setupWrong" : "login.setupUsed");
  }

  #why() {
    const needsLink = Boolean(this.#server?.setup) && this.#mode !== "setup";
    if (!this.isConnected) return;
    if (!this.#ended && !needsLink) {
      if (this.#notice.classList.contains("info")) this.#notice.hidden = true;
      return;
    }
    set(this.#notice, { class: "notice info" }).hidden = false;
    const why = t(this.#ended ? "login.sessionEnded" : "login.noAdmin");
    fill(this.#notice, icon("warning", "small"), h("span", null, why));
  }

  /** Instead of the form: what is wrong with the link. */
  #refusal() {
    fill(
      this.#card,
      h(
        "p",
        { class: "notice", role: "alert" },
        icon("warning", "small"),
        h("span", null, this.#whyRefused()),
      ),
      h("a", { class: "button large", href: "#/sign-in" }, t("login.signIn")),
    );
    this.#inputs = [];
  }

  #build() {
    if (this.#mode === "setup" && this.#refused) return this.#refusal();
    const register = this.#mode !== "sign-in";
    const focused = this.#inputs.find((input) => input === document.activeElement);
    const kept = Object.fromEntries(this.#inputs.map(({ id, value }) => [id, value]));
    const user = h("input", {
      class: "input",
      id: "user",
      name: "user",
      type: "text",
      autocomplete: "username",
      autocapitalize: "none",
      spellcheck: "false",
      value: kept.user ?? "",
    });
    const name = h("input", {
      class: "input",
      id: "name",
      name: "name",
      type: "text",
      autocomplete: "name",
      value: kept.name ?? "",
    });
    const password = h("input", {
      class: "input",
      id: "password",
      name: "password",
      type: "password",
      autocomplete: register ? "new-password" : "current-password",
      value: kept.password ?? "",
    });
    this.#inputs = this.#mode === "register" ? [user, name, password] : [user, password];
    fill(this.#go, t(SUBMIT[this.#mode]));
    this.#notice.hidden = true;
    fill(
      this.#card,
      this.#mode === "setup"
        ? h("p", { class: "notice info" }, t("login.setupHint"))
        : this.#choice(register),
      h(
        "form",
        { novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
        this.#notice,
        field(t("login.user"), user),
        this.#mode === "register" && field(t("login.name"), name, t("login.nameHint")),
        field(t("login.password"), password, register ? passwordHint() : "", withEye(password)),
        this.#go,
      ),
      this.#forgot(),
    );
    this.#why();
    this.#offer();
    (this.#input(focused?.id ?? "") ?? user).focus();
  }

  /**
   * What the server says of itself arrives while somebody types: it changes what is around the
   * fields, and the fields stay, with the cursor and a syllable that is being composed.
   */
  #surround() {
    this.#card.querySelector("nav")?.remove();
    const choice = this.#mode !== "setup" && this.#choice(this.#mode === "register");
    if (choice) this.#card.prepend(choice);
    this.#card.querySelector(".forgot")?.remove();
    this.#card.append(this.#forgot() ?? "");
    this.#why();
    this.#offer();
  }

  /** The button of the server's provider; without passwords there is nothing else. */
  async #offer() {
    const { oidc, localLogin } = this.#server ?? {};
    const form = this.#card.querySelector("form");
    const alone = localLogin === false && this.#mode !== "setup";
    if (form) form.hidden = alone;
    if (!oidc || !form || (this.#mode !== "sign-in" && !alone))
      return void this.#card.querySelector("sign-in-sso")?.remove();
    await this.load("sign-in-sso").catch(() => {});
    if (!form.isConnected || !customElements.get("sign-in-sso")) return;
    const known = this.#card.querySelector("sign-in-sso");
    const sso = /** @type {any} */ (known ?? document.createElement("sign-in-sso"));
    sso.data = { label: oidc.label, alone };
    if (!known) form.before(sso);
  }

  #forgot() {
    return this.#mode === "sign-in" && this.#server?.resetByMail
      ? h("a", { class: "forgot", href: "#/forgot" }, t("login.forgot"))
      : null;
  }

  /** Between signing in and registering. @param {boolean} register */
  #choice(register) {
    if (this.#server?.registration === false && !register) return null;
    return h(
      "nav",
      { class: "segmented", "aria-label": t("login.account") },
      h("a", { href: "#/sign-in", "aria-current": register ? null : "page" }, t("login.signIn")),
      h("a", { href: "#/register", "aria-current": register ? "page" : null }, t("login.register")),
    );
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    if (this.#go.getAttribute("aria-busy")) return;
    this.#notice.hidden = true;
    const value = (/** @type {string} */ id) => this.#input(id)?.value ?? "";
    const userId = value("user").trim();
    for (const input of this.#inputs)
      setError(
        input,
        this.#wrong(input.id, input.id === "password" ? input.value : input.value.trim()),
      );
    const first = this.#inputs.find((input) => input.getAttribute("aria-invalid"));
    if (first) return first.focus();
    this.#go.setAttribute("aria-busy", "true");
    emit(this, "session-open", {
      mode: this.#mode,
      userId,
      password: value("password"),
      name: value("name").trim() || undefined,
    });
  }

  /** @param {string} id @param {string} value @returns {string} what is wrong with it */
  #wrong(id, value) {
    if (id === "name") return tooLong(value, LONGEST.name);
    if (!value) return t(id === "user" ? "login.userNeeded" : "login.passwordNeeded");
    if (this.#mode === "sign-in") return "";
    if (id === "user") return wrongUserName(value);
    return tooShort(value) || tooLong(value, LONGEST.password);
  }

  /** @param {string} id */
  #input(id) {
    return this.#inputs.find((input) => input.id === id);
  }
}

customElements.define("login-form", LoginForm);
