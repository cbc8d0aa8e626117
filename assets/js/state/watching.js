/**
 * Names the people that the page shows to the server, which tells who of them is online, away or
 * offline, now and later.
 */
import { same } from "../lib/same.js";
import { roomRows } from "./room-rows.js";

/** @import {Socket} from "../api/socket.js" */
/** @import {Frame, State} from "../types.js" */
/** @import {Store} from "./store.js" */

/** As many as the server takes. */
const MOST = 500;
/** Of them, people of the open room. */
const MOST_INSIDE = 300;
/** A list that is being loaded changes often. */
const SOON_MS = 300;
/** The reply to the list, and not a change. */
const REF = "presence";

export class Watching {
  #parts;
  /** What the list was made of last. @type {unknown[]} */
  #of = [];
  #sent = "";
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #soon;

  /** @param {{store: Store, socket: Socket}} parts @param {AbortSignal} signal */
  constructor(parts, signal) {
    this.#parts = parts;
    parts.store.addEventListener("change", () => this.#later(), { signal });
    parts.socket.addEventListener(
      "frame",
      (event) => this.#received(/** @type {CustomEvent<Frame>} */ (event).detail),
      { signal },
    );
    signal.addEventListener("abort", () => clearTimeout(this.#soon));
  }

  // Actions

  /** The server knows nothing of what was named over another connection. */
  async start() {
    this.#of = [];
    this.#sent = "";
    this.#send();
  }

  // Internal

  #later() {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#send();
    }, SOON_MS);
  }

  #send() {
    const { store, socket } = this.#parts;
    const { state } = store;
    const of = [state.rooms, state.visit?.roomId, state.shown, state.me?.userId];
    if (same(of, this.#of)) return;
    const people = watched(state);
    const key = people.toSorted().join(" ");
    if (key !== this.#sent) {
      if (!socket.send({ type: "watch_presence", user_ids: people, ref: REF })) return;
      this.#sent = key;
    }
    this.#of = of;
  }

  /** What was refused is named again with the next change. @param {Frame} frame */
  #received(frame) {
    if ("error" in frame && frame.ref === REF) {
      this.#of = [];
      this.#sent = "";
    }
  }
}

/**
 * The people that the page shows: me, those in a list or a dialog that is open, those in the open
 * room, and the others of conversations of two, newest first.
 * @param {State} state
 * @returns {string[]}
 */
export function watched(state) {
  const { me, rooms, shown, online } = state;
  if (!me) return [];
  const roomId = state.visit?.roomId ?? "";
  const inside = rooms[roomId]?.participants.map(({ userId }) => userId) ?? [];
  // Of a room with very many people, those who are in it first.
  const there = inside.length > MOST_INSIDE ? (online[roomId] ?? []) : [];
  const near = [...new Set([...there, ...inside])].slice(0, MOST_INSIDE);
  const others = roomRows(state).flatMap(({ person }) => person ?? []);
  return [...new Set([me.userId, ...shown, ...near, ...others])].slice(0, MOST);
}
