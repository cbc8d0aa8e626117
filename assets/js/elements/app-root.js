/** The whole page: the sign-in form or the chat, depending on the session and the address. */
import { ApiError } from "../lib/errors.js";
import { loadLanguage, t } from "../lib/i18n.js";
import { setTitle } from "../lib/identity.js";
import { parseRoute } from "../lib/route.js";
import { Chat } from "../state/chat.js";
import { messageById } from "../state/timeline.js";
import "./chat-app.js";
import { emptyState } from "./empty-state.js";
import { lazy } from "./lazy.js";

/** @import {ChatApp} from "./chat-app.js" */
/** @import {Lazy} from "./lazy.js" */
/** @import {LoginForm} from "./login-form.js" */

const RETRY_MS = 3000;
/** Pages for those who are not signed in. @type {string[]} */
const SIGNED_OUT = ["sign-in", "register", "setup", "reset", "forgot", "invite"];
/** @type {Record<"sign-in"|"register"|"setup", string>} */
const TITLES = { "sign-in": "login.title", register: "login.register", setup: "login.setup" };
/** Pages of links, which count for whoever is signed in, too. @type {Record<string, Lazy>} */
const LINKS = { reset: "reset-form", invite: "invite-form" };

export class AppRoot extends HTMLElement {
  #chat = new Chat();
  /** Where to go after signing in. */
  #wanted = "#/rooms";
  /** Who signs in next. @type {{userId: string, password: string}|null} */
  #person = null;
  /** Already loaded for the current address. */
  #page = "";
  /** The link for the first administrator that was checked. */
  #checked = "";
  #target = "";
  /** The server whose look is shown. @type {import("../types.js").Server|null} */
  #server = null;
  /** Nothing is shown before it is known whether there is a session. */
  #known = false;

  // Lifecycle

  async connectedCallback() {
    this.#route();
    // Asked at the same time as the texts are fetched.
    this.#chat.loadServer();
    const restored = this.#chat.resumption.restore();
    const resumed = this.#chat.resumption.resume().then(
      () => true,
      () => false,
    );
    await loadLanguage();
    const { store } = this.#chat;
    store.addEventListener("change", () => this.#update());
    addEventListener("hashchange", () => {
      // A question belongs to the page on which it was asked.
      for (const dialog of this.querySelectorAll("dialog")) dialog.close();
      for (const popover of this.querySelectorAll(":popover-open"))
        /** @type {HTMLElement} */ (popover).hidePopover();
      this.#route();
    });
    this.addEventListener("session-open", (event) =>
      this.#signIn(/** @type {CustomEvent} */ (event).detail),
    );
    this.addEventListener("session-ask", (event) => {
      this.#person = /** @type {CustomEvent} */ (event).detail;
      location.hash = "#/sign-in";
    });
    this.addEventListener("language-choose", (event) =>
      this.#speak(/** @type {CustomEvent<string>} */ (event).detail),
    );
    this.#route();
    const shown = await restored;
    if (shown) {
      this.#known = true;
      this.#update();
    }
    if (!(await resumed)) {
      if (shown) this.#chat.resumption.goOn();
      else await this.#resume();
    }
    this.#known = true;
    this.#update();
  }

  // Internal

  async #resume() {
    for (;;) {
      try {
        await this.#chat.resumption.resume();
        return;
      } catch {
        // No server: the page cannot know whether there is a session.
        document.documentElement.dataset.connection = "offline";
        this.#waiting();
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  #update() {
    const { server } = this.#chat.store.state;
    if (server && server !== this.#server) this.#look(server);
    if (!this.#known) return;
    const { me, route } = this.#chat.store.state;
    if (route.page === "forgot" && !me) return void this.#link("forgot-form", "forgot");
    if (LINKS[route.page]) return void this.#link(LINKS[route.page], route.page);
    // The link of the first administrator also counts for somebody who is signed in without being
    // one.
    if (me && route.page !== "setup") {
      if (!this.querySelector("chat-app")) this.#show("chat-app");
      this.#follow();
      return;
    }
    const mode = route.page === "register" || route.page === "setup" ? route.page : "sign-in";
    setTitle(t(TITLES[mode]), server?.name);
    this.#askWho(mode);
  }

  /** @param {"sign-in"|"register"|"setup"} mode */
  async #askWho(mode) {
    const app = /** @type {ChatApp|null} */ (this.querySelector("chat-app"));
    if (app) {
      // After signing in again the user returns to the same place and finds the draft.
      app.view.composer.store();
      if (this.#chat.store.state.ended && !SIGNED_OUT.includes(this.#chat.store.state.route.page))
        this.#wanted = location.hash;
      this.replaceChildren();
      // Whether there is an administrator by now.
      this.#chat.loadServer();
    }
    await lazy("login-form").catch(() => this.#waiting());
    if ((this.#chat.store.state.me && mode !== "setup") || !customElements.get("login-form"))
      return;
    const form = /** @type {LoginForm} */ (
      this.querySelector("login-form") ?? this.#show("login-form")
    );
    form.load = lazy;
    form.mode = mode;
    form.ended = this.#chat.store.state.ended;
    form.server = this.#chat.store.state.server;
    if (mode === "setup") this.#check(form);
    const person = this.#person;
    this.#person = null;
    if (person && mode === "sign-in") await this.#signIn({ mode, ...person });
  }

  /** Whether the link for the first administrator is good is told before a field is filled in. @param {LoginForm} form */
  async #check(form) {
    const { token = "" } = this.#chat.store.state.route;
    if (token === this.#checked) return;
    this.#checked = token;
    form.refused = false;
    try {
      await this.#chat.client.checkSetup(token);
    } catch (error) {
      // Another link may have been opened since.
      const wrong = error instanceof ApiError && error.status === 403;
      if (wrong && token === this.#checked) form.refused = true;
    }
  }

  /** @param {import("../types.js").Server} server */
  async #look(server) {
    const before = this.#server;
    this.#server = server;
    if (![server, before].some((one) => one?.accent || one?.icon)) return;
    const { showLook } = await import("../lib/look.js");
    showLook(this.#server);
  }

  /** @param {Lazy} tag @param {string} page */
  async #link(tag, page) {
    const app = /** @type {ChatApp|null} */ (this.querySelector("chat-app"));
    app?.view.composer.store();
    await lazy(tag).catch(() => this.#waiting());
    const { route, server } = this.#chat.store.state;
    if (route.page !== page || !customElements.get(tag)) return;
    const form = /** @type {any} */ (this.querySelector(tag) ?? this.#show(tag));
    form.data = { token: route.token ?? "", chat: this.#chat, name: server?.name ?? "" };
    setTitle(form.heading, server?.name);
  }

  /** Shown while the server cannot be reached. */
  #waiting() {
    this.replaceChildren(
      emptyState({ picture: "offline", title: t("error.offline"), text: t("connection.waiting") }),
    );
    setTimeout(() => this.#update(), RETRY_MS);
  }

  /** @param {"chat-app"|Lazy} tag */
  #show(tag) {
    const element = document.createElement(tag);
    if (tag === "chat-app") /** @type {ChatApp} */ (element).chat = this.#chat;
    this.#page = this.#target = "";
    this.replaceChildren(element);
    return element;
  }

  #route() {
    const route = parseRoute(location.hash);
    this.#chat.store.dispatch({ type: "routed", route });
    if (!this.#chat.store.state.me && !["rooms", ...SIGNED_OUT].includes(route.page))
      this.#wanted = location.hash;
  }

  /** Enters and leaves rooms by the address; loads the data of a page when it is opened. */
  #follow() {
    const { route, rooms, visit, timelines, ready, kept } = this.#chat.store.state;
    if (SIGNED_OUT.includes(route.page)) {
      location.replace(this.#wanted);
      return;
    }
    this.#wanted = "#/rooms";
    const app = /** @type {ChatApp} */ (this.querySelector("chat-app"));
    if (visit && (visit.roomId !== route.roomId || !rooms[visit.roomId])) {
      if (!route.roomId || !rooms[route.roomId]) this.#chat.closeRoom();
    }
    if (route.roomId && rooms[route.roomId] && ready) {
      this.#chat.openRoom(route.roomId);
      const timeline = timelines[route.roomId];
      const held = !route.messageId || messageById(timeline, route.messageId);
      const isKept = this.#chat.store.state.visit?.kept;
      const isMissing = timeline?.loaded && !held && !isKept;
      if (route.messageId && isMissing && this.#target !== route.messageId) {
        this.#target = route.messageId;
        this.#chat.history
          .around(route.roomId, route.messageId)
          .catch(() => app.showToast(t("messages.notFound")));
      }
    }
    if (ready && !kept && route.roomId && !rooms[route.roomId]) this.#chat.lookUp(route.roomId);
    if (!route.messageId) this.#target = "";
    if (route.page === "directory" && this.#page !== "directory") this.#directory();
    this.#page = route.page;
  }

  async #directory() {
    const { store, client } = this.#chat;
    try {
      store.dispatch({ type: "directory_loaded", rooms: await client.rooms("public") });
    } catch {
      store.dispatch({ type: "directory_failed", error: t("error.offline") });
    }
  }

  /**
   * @param {{mode: string, userId: string, password: string, name?: string, code?: string}} person
   */
  async #signIn(person) {
    const { mode, userId, password, name, code } = person;
    try {
      if (mode === "register") await this.#chat.register({ userId, password, name });
      else if (mode === "setup") {
        await this.#chat.setup({
          token: this.#chat.store.state.route.token ?? "",
          userId,
          password,
        });
        location.hash = "#/rooms";
      } else await this.#chat.signIn(userId, password, code);
    } catch (error) {
      const form = /** @type {LoginForm} */ (
        this.querySelector("sign-in-code") ?? this.querySelector("login-form")
      );
      if (error instanceof ApiError && error.code === "second_factor_required")
        await this.#second("sign-in-code", form, person).catch((failed) => form.fail(failed));
      else if (error instanceof ApiError && error.code === "second_factor_setup_required") {
        // Also of somebody whose account was just created.
        const { userId, password } = person;
        const step = this.#second("sign-in-factor", form, { userId, password });
        await step.catch((failed) => form.fail(failed));
      } else form.fail(error);
    }
  }

  /**
   * The second step of signing in.
   * @param {"sign-in-code"|"sign-in-factor"} tag
   * @param {LoginForm} form
   * @param {object} person
   */
  async #second(tag, form, person) {
    await lazy(tag);
    form.settle();
    const { client, store } = this.#chat;
    const step = /** @type {any} */ (document.createElement(tag));
    /** @type {(method: string, path: string, body?: object) => Promise<any>} */
    const ask = (method, path, body) => client.ask(method, path, body);
    step.data = { person, form, name: store.state.server?.name, ask };
    this.append(step);
  }

  /** @param {string} language */
  async #speak(language) {
    try {
      await loadLanguage(language);
    } catch {
      const app = /** @type {ChatApp|null} */ (this.querySelector("chat-app"));
      return app?.showToast(t("error.offline"));
    }
    this.replaceChildren();
    this.#update();
    // Letters are written in it too; without an answer, it is told at the next visit.
    if (this.#chat.store.state.me)
      this.#chat.client.changePreferences({ language }).catch(() => undefined);
  }
}

customElements.define("app-root", AppRoot);
