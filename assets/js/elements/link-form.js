/**
 * A page that a link opens. What the link is good for is asked first; then there is a form, or what
 * is wrong with the link. When the form is done, its user is signed in. Emits `language-choose`.
 */
import { emit, fill, h } from "../lib/dom.js";
import { ApiError, errorText } from "../lib/errors.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { languageSwitch } from "./language-switch.js";
import { sheet } from "./sheet.js";

/** @import {Chat} from "../state/chat.js" */
/** @typedef {{token: string, chat: Chat, name: string}} Data the link, and the server’s name */

/** @extends {View<Data>} */
export class LinkForm extends View {
  /** The link that was checked. */
  token = "";
  #title = h("h1");
  /** Below what names the server. */
  card = h("div", { class: "card" });
  /** What went wrong with the form. */
  notice = h("p", { class: "notice", role: "alert", hidden: true });
  go = h("button", { class: "button primary large", type: "submit" });

  // Lifecycle

  build() {
    this.append(sheet(this.#title, this.card), languageSwitch());
  }

  /** @param {Data} data */
  update({ token, name }) {
    fill(this.#title, name || t("product"));
    if (token === this.token) return;
    this.token = token;
    this.check();
  }

  // Actions

  async check() {
    fill(this.card, h("p", { class: "meta", role: "status" }, t("reset.checking")));
    try {
      const { client } = /** @type {Data} */ (this.data).chat;
      this.ask(await client.ask("POST", `${this.path}/check`, { token: this.token }));
    } catch (error) {
      this.refuse(error);
    }
  }

  /** Instead of the form: what is wrong with the link. @param {unknown} error */
  refuse(error) {
    const refused = error instanceof ApiError && error.status === 403;
    if (refused) this.refusal(this.refused);
    else {
      const retry = { class: "button large", type: "button", onclick: () => this.check() };
      fill(this.card, warning(errorText(error)), h("button", retry, t("connection.retry")));
    }
  }

  /** @param {string} why */
  refusal(why) {
    fill(
      this.card,
      warning(why),
      h("a", { class: "button large", href: "#/sign-in" }, t("login.signIn")),
    );
  }

  /**
   * Runs what the form does, once at a time.
   * @param {() => Promise<void>} what
   */
  async run(what) {
    if (this.go.getAttribute("aria-busy")) return;
    this.notice.hidden = true;
    this.go.setAttribute("aria-busy", "true");
    try {
      await what();
    } catch (error) {
      this.failed(error);
    }
    this.go.removeAttribute("aria-busy");
  }

  /** @param {unknown} error */
  failed(error) {
    const text = errorText(error);
    fill(this.notice, icon("warning", "small"), h("span", null, text)).hidden = false;
  }

  // Overridden by each page

  /** The path below which the link is checked. */
  path = "";
  /** Title of the page. */
  get heading() {
    return "";
  }
  /** What is said of a link that the server does not accept. */
  get refused() {
    return "";
  }
  /** Shows the form. @param {any} _answer */
  ask(_answer) {}
}

/**
 * Signs in with a password that was just chosen.
 * @param {LinkForm} form
 * @param {Chat} chat
 * @param {string} userId
 * @param {string} password
 */
export async function signIn(form, chat, userId, password) {
  const { me } = chat.store.state;
  try {
    await (me ? chat.client.login(userId, password) : chat.signIn(userId, password));
  } catch {
    // The page to sign in asks for what is missing, such as a code, and says what is wrong.
    if (!me) return emit(form, "session-ask", { userId, password });
  }
  location.hash = "#/rooms";
  // Somebody else may have been signed in.
  if (me) location.reload();
}

// Internal

/** @param {string} text */
function warning(text) {
  return h(
    "p",
    { class: "notice", role: "alert" },
    icon("warning", "small"),
    h("span", null, text),
  );
}
