/**
 * What is needed to show my rooms without a network: kept in this browser while I am signed in, and
 * deleted when my session ends.
 */
import { isKept } from "../lib/worker.js";
import { kept, understood } from "./kept.js";

/** @import {Kept} from "./kept.js" */
/** @import {Store} from "./store.js" */

const NAME = "state";
const PLACE = "kept-state";
/** After a change, and between two writes. */
const SOON_MS = 2000;
const APART_MS = 30_000;

export class Snapshot {
  #store;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  /** The rooms that were written, and when. */
  #written = { rooms: /** @type {unknown} */ (null), at: -Infinity };

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
    store.addEventListener("change", () => this.#changed());
    // Nothing is written before the page is kept too, which may come late.
    globalThis.navigator?.serviceWorker?.addEventListener("controllerchange", () =>
      this.#changed(),
    );
    addEventListener(
      "visibilitychange",
      () => document.visibilityState === "hidden" && this.#write(),
    );
  }

  /** @returns {Promise<Kept|null>} */
  async load() {
    try {
      const found = await (await caches.open(NAME)).match(PLACE);
      return found ? understood(await found.json()) : null;
    } catch {
      // Browsers refuse it without https, and in some private windows.
      return null;
    }
  }

  /** Another one must not find it. */
  async clear() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#written = { rooms: null, at: -Infinity };
    await globalThis.caches?.delete(NAME).catch(() => undefined);
  }

  // Internal

  #changed() {
    const { me, ready, rooms } = this.#store.state;
    if (this.#timer !== undefined || !me || !ready || rooms === this.#written.rooms) return;
    const wait = Math.max(SOON_MS, this.#written.at + APART_MS - performance.now());
    this.#timer = setTimeout(() => this.#write(), wait);
  }

  async #write() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { state } = this.#store;
    if (!state.me || !state.ready || state.rooms === this.#written.rooms || !isKept()) return;
    this.#written = { rooms: state.rooms, at: performance.now() };
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
