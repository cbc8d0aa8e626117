/**
 * Sign in, register, or set up the first administrator. Emits `session-open`; what the server
 * refuses comes back through `fail`.
 */
import { ApiError } from "../lib/api-error.js";
import { setError, field } from "../lib/dialog.js";
import { errorText } from "../lib/errors.js";
import { emit, fill, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { lang, LANGUAGES, t } from "../lib/i18n.js";
import { lengthOf } from "../lib/text.js";

const SHORTEST_PASSWORD = 8;
const LONGEST = { user: 64, name: 64, password: 256 };

/** Where a field of the API stands in the form. @type {Record<string, string>} */
const FIELDS = { userId: "user", name: "name", password: "password" };

export class LoginForm extends HTMLElement {
  /** @type {"sign-in"|"register"|"setup"} */
  #mode = "sign-in";
  #ended = false;
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
          h("h1", null, t("product")),
          h("p", null, location.host),
        ),
        this.#card,
      ),
      h(
        "nav",
        { class: "langs wrap", "aria-label": t("language.title") },
        Object.entries(LANGUAGES).map(([code, name]) =>
          h(
            "button",
            {
              type: "button",
              lang: code,
              "aria-current": code === lang() ? "true" : null,
              onclick: () => emit(this, "language-choose", code),
            },
            name,
          ),
        ),
      ),
    );
    this.#build();
  }

  /** @param {"sign-in"|"register"|"setup"} mode */
  set mode(mode) {
    if (mode === this.#mode) return;
    this.#mode = mode;
    if (this.isConnected) this.#build();
  }

  /** The session was ended elsewhere: that is said until one signs in. @param {boolean} ended */
  set ended(ended) {
    this.#ended = ended;
    this.#why();
  }

  // Actions

  /** @param {unknown} error */
  fail(error) {
    this.#go.removeAttribute("aria-busy");
    const code = error instanceof ApiError ? error.code : "";
    const named =
      error instanceof ApiError && error.field ? this.#input(FIELDS[error.field] ?? "") : undefined;
    const place =
      named ??
      (code === "invalid_credentials"
        ? this.#input("password")
        : code === "already_exists"
          ? this.#input("user")
          : undefined);
    const words =
      code === "already_exists"
        ? t("login.taken")
        : code === "forbidden"
          ? t(this.#mode === "setup" ? "login.setupOver" : "login.closed")
          : errorText(error);
    if (place) {
      setError(place, words);
      place.focus();
    } else
      fill(
        set(this.#notice, { class: "notice" }),
        icon("warning", "small"),
        h("span", null, words),
      ).hidden = false;
  }

  // Internal

  #why() {
    if (!this.#ended || !this.isConnected) return;
    set(this.#notice, { class: "notice info" }).hidden = false;
    fill(this.#notice, icon("warning", "small"), h("span", null, t("login.ended")));
  }

  #build() {
    const register = this.#mode !== "sign-in";
    const kept = this.#input("user")?.value ?? "";
    const user = h("input", {
      class: "input",
      id: "user",
      name: "user",
      type: "text",
      autocomplete: "username",
      autocapitalize: "none",
      spellcheck: "false",
      value: kept,
    });
    const name = h("input", {
      class: "input",
      id: "name",
      name: "name",
      type: "text",
      autocomplete: "name",
    });
    const password = h("input", {
      class: "input",
      id: "password",
      name: "password",
      type: "password",
      autocomplete: register ? "new-password" : "current-password",
    });
    this.#inputs = this.#mode === "register" ? [user, name, password] : [user, password];
    const nav = h(
      "nav",
      { class: "segmented", "aria-label": t("login.account") },
      h("a", { href: "#/sign-in", "aria-current": register ? null : "page" }, t("login.signIn")),
      h("a", { href: "#/register", "aria-current": register ? "page" : null }, t("login.register")),
    );
    fill(
      this.#go,
      t(this.#mode === "setup" ? "login.setup" : register ? "login.create" : "login.signIn"),
    );
    this.#notice.hidden = true;
    fill(
      this.#card,
      this.#mode === "setup" ? h("p", { class: "notice info" }, t("login.setupHint")) : nav,
      h(
        "form",
        { novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
        this.#notice,
        field(t("login.user"), user),
        this.#mode === "register" && field(t("login.name"), name, t("login.nameHint")),
        field(
          t("login.password"),
          password,
          register ? t("login.passwordHint", { n: SHORTEST_PASSWORD }) : "",
          h("div", { class: "with-end" }, password, this.#eye(password)),
        ),
        this.#go,
      ),
    );
    this.#why();
    user.focus();
  }

  /** @param {HTMLInputElement} password */
  #eye(password) {
    const eye = h(
      "button",
      {
        class: "icon-button",
        type: "button",
        "aria-label": t("login.show"),
        title: t("login.show"),
        "aria-pressed": "false",
        onclick: () => {
          const shown = password.type === "text";
          password.type = shown ? "password" : "text";
          set(eye, { "aria-pressed": String(!shown) });
        },
      },
      icon("eye"),
    );
    return eye;
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
    if (id === "name")
      return lengthOf(value) > LONGEST.name ? t("login.tooLong", { n: LONGEST.name }) : "";
    if (!value) return t(id === "user" ? "login.userNeeded" : "login.passwordNeeded");
    if (this.#mode === "sign-in") return "";
    if (id === "user")
      return /[\s/\p{Cc}]/u.test(value)
        ? t("login.userBad")
        : lengthOf(value) > LONGEST.user
          ? t("login.tooLong", { n: LONGEST.user })
          : "";
    return lengthOf(value) < SHORTEST_PASSWORD
      ? t("login.passwordHint", { n: SHORTEST_PASSWORD })
      : lengthOf(value) > LONGEST.password
        ? t("login.tooLong", { n: LONGEST.password })
        : "";
  }

  /** @param {string} id */
  #input(id) {
    return this.#inputs.find((input) => input.id === id);
  }
}

customElements.define("login-form", LoginForm);
