/**
 * What is needed to show my rooms before the server has answered, and without a network: kept in
 * this browser while I am signed in, and deleted when my session ends. Nobody else finds it: it is
 * shown only to who signed in last in this browser.
 */
import { same } from "../lib/same.js";
import { kept, understood } from "./kept.js";

/** @import {Kept} from "./kept.js" */
/** @import {Store} from "./store.js" */

const NAME = "state";
const PLACE = "kept-state";
/** After a change, and between two writes. */
const SOON_MS = 500;
const APART_MS = 30_000;
const NOTHING = { of: /** @type {unknown[]} */ ([]), at: -Infinity };

export class Snapshot {
  #store;
  #user;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  /** What was written, and when. */
  #written = NOTHING;

  /** @param {Store} store @param {() => string|null} user who is signed in in this browser */
  constructor(store, user) {
    this.#store = store;
    this.#user = user;
    store.addEventListener("change", () => this.#changed());
    addEventListener(
      "visibilitychange",
      () => document.visibilityState === "hidden" && this.#write(),
    );
  }

  /** @returns {Promise<Kept|null>} */
  async load() {
    try {
      const found = await (await caches.open(NAME)).match(PLACE);
      const state = found ? understood(await found.json()) : null;
      return state?.me.userId === this.#user() ? state : null;
    } catch {
      // Browsers refuse it without https, and in some private windows.
      return null;
    }
  }

  /** Another one must not find it. */
  async clear() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#written = NOTHING;
    await globalThis.caches?.delete(NAME).catch(() => undefined);
  }

  // Internal

  #changed() {
    if (this.#timer !== undefined || !this.#isNew()) return;
    const wait = Math.max(SOON_MS, this.#written.at + APART_MS - performance.now());
    this.#timer = setTimeout(() => this.#write(), wait);
  }

  /** Is there something of mine that is not written yet? In another tab somebody else may be signed in. */
  #isNew() {
    const { me, ready, kept: isOld, rooms, timelines } = this.#store.state;
    if (!me || !ready || isOld || same([rooms, timelines], this.#written.of)) return false;
    return me.userId === this.#user();
  }

  async #write() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { state } = this.#store;
    if (!this.#isNew() || !globalThis.caches) return;
    this.#written = { of: [state.rooms, state.timelines], at: performance.now() };
    try {
      const cache = await caches.open(NAME);
      await cache.put(PLACE, new Response(JSON.stringify(kept(state))));
      // It ended while it was written.
      if (!this.#store.state.me) await this.clear();
    } catch {
      // No space: the page opens without its rooms.
    }
  }
}
