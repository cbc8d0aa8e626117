/**
 * Renews the token well before it expires. The expiry is kept in storage, so that it survives a
 * reload.
 */

/** @import {Session} from "../types-own.js" */

const KEY = "expiresAt";
/** Where it is kept whose session it is. */
const USER = "signedIn";
/** How long before the end; also what a token of unknown age gets. */
const EARLY_MS = 10 * 60_000;
const SOONEST_MS = 5_000;
/** setTimeout takes no more. */
const MOST_MS = 2 ** 31 - 1;

export class SessionKeeper {
  #refresh;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  /** @param {() => Promise<void>} refresh */
  constructor(refresh) {
    this.#refresh = refresh;
    // A sleeping computer stops timers.
    document.addEventListener(
      "visibilitychange",
      () => document.visibilityState === "visible" && this.#timer && this.resume(),
    );
  }

  /** Whether there was a session in this browser that has not ended here. */
  get known() {
    return localStorage.getItem(KEY) !== null;
  }

  /** Login name of who signed in last in this browser, in whatever tab, and has not signed out. */
  get user() {
    return localStorage.getItem(USER);
  }

  /** @param {string} userId */
  belongsTo(userId) {
    localStorage.setItem(USER, userId);
  }

  /** @param {Session} session */
  renewed(session) {
    localStorage.setItem(KEY, session.expiresAt);
    this.resume();
  }

  /** After a reload. */
  resume() {
    clearTimeout(this.#timer);
    const left = Date.parse(localStorage.getItem(KEY) ?? "") - Date.now();
    const wait = Number.isFinite(left)
      ? Math.max(SOONEST_MS, left - Math.min(EARLY_MS, left / 2))
      : SOONEST_MS;
    this.#timer = setTimeout(
      () => {
        // A failure is settled by the next request or by the socket.
        this.#refresh().catch(() => this.#timer && this.#later());
      },
      Math.min(wait, MOST_MS),
    );
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    localStorage.removeItem(KEY);
    localStorage.removeItem(USER);
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.resume(), 30_000);
  }
}
