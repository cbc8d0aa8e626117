/**
 * The statuses of the people of my rooms: fetched after each connection and when somebody new comes,
 * told by frames in between, and ended here when their time is over.
 */

/** @import {Client} from "../api/client.js" */
/** @import {Socket} from "../api/socket.js" */
/** @import {Frame} from "../types.js" */
/** @import {Store} from "./store.js" */

/** People seldom come alone, and many pages hear of it at the same moment. */
const SOON_MS = 500;
/** Who comes into a larger room is not asked for by everybody in it. */
const MANY = 50;
/** Timers of browsers cannot wait longer. */
const LONGEST_MS = 2 ** 31 - 1;

export class Statuses {
  #parts;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #soon;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #end;
  /** Changes that frames have told of. */
  #changes = 0;
  /** What the timer was set for. @type {unknown[]} */
  #of = [];

  /** @param {{store: Store, socket: Socket, client: Client}} parts @param {AbortSignal} signal */
  constructor(parts, signal) {
    this.#parts = parts;
    parts.store.addEventListener("change", () => this.#watch(), { signal });
    parts.socket.addEventListener(
      "frame",
      (event) => this.#received(/** @type {CustomEvent<Frame>} */ (event).detail),
      { signal },
    );
    signal.addEventListener("abort", () => {
      clearTimeout(this.#soon);
      clearTimeout(this.#end);
    });
  }

  // Actions

  async start() {
    const { client, store } = this.#parts;
    let statuses, before;
    do {
      before = this.#changes;
      statuses = await client.statuses();
      // The answer may be older than what a frame has told meanwhile.
    } while (before !== this.#changes);
    store.dispatch({ type: "statuses_loaded", statuses });
    this.#watch();
  }

  // Internal

  /** @param {Frame} frame */
  #received(frame) {
    if ("error" in frame) return;
    if (frame.type === "status_changed") this.#changes += 1;
    const { rooms } = this.#parts.store.state;
    const isNew =
      frame.type === "room_added" ||
      (frame.type === "participant_added" && (rooms[frame.room_id]?.userCount ?? 0) <= MANY);
    if (!isNew) return;
    clearTimeout(this.#soon);
    // Without an answer they are asked for with the next connection.
    const load = () => this.start().catch(() => undefined);
    this.#soon = setTimeout(load, SOON_MS * (1 + Math.random()));
  }

  /** Waits for the next status that ends. */
  #watch() {
    const { statuses, me } = this.#parts.store.state;
    const of = [statuses, me?.status];
    if (of.every((part, at) => part === this.#of[at])) return;
    this.#of = of;
    clearTimeout(this.#end);
    const ends = [...Object.values(statuses), me?.status].flatMap((status) => status?.until ?? []);
    if (ends.length === 0) return;
    const next = Math.min(...ends.map((end) => Date.parse(end)));
    this.#end = setTimeout(
      () => {
        this.#of = [];
        this.#parts.store.dispatch({ type: "statuses_ended", now: Date.now() });
        this.#watch();
      },
      Math.min(Math.max(next - Date.now(), 0), LONGEST_MS),
    );
  }
}
