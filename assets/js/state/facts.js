/**
 * What frames do not tell of a room: its settings and its pinned messages. Fetched when it is
 * opened, and again after a change.
 */

/** @import {Client} from "../api/client.js" */
/** @import {Room} from "../types.js" */
/** @import {Store} from "./store.js" */

/** A change seldom comes alone, and many pages hear of it at the same moment. */
const SOON_MS = 300;
/** A larger room is not fetched by those who do not look at it. */
const MANY = 50;

export class Facts {
  #store;
  #client;
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  #waiting = new Map();

  /** @param {Store} store @param {Client} client */
  constructor(store, client) {
    this.#store = store;
    this.#client = client;
  }

  /** @param {Room} room that is open now */
  opened({ roomId, full, stale }) {
    this.pins(roomId);
    if (!full || stale) this.room(roomId);
  }

  /** Frames have told of a change. @param {string} roomId */
  changed(roomId) {
    const room = this.#store.state.rooms[roomId];
    if (!room || (!this.#isOpen(roomId) && room.userCount > MANY)) return;
    clearTimeout(this.#waiting.get(roomId));
    const wait = SOON_MS * (1 + Math.random() * Math.min(4, room.userCount / MANY));
    this.#waiting.set(
      roomId,
      setTimeout(() => this.#again(roomId), wait),
    );
  }

  /** @param {string} roomId */
  async room(roomId) {
    try {
      this.#store.dispatch({ type: "room_loaded", room: await this.#client.room(roomId) });
    } catch {
      // What the list said has to do until the room is opened again.
    }
  }

  /** @param {string} roomId */
  async pins(roomId) {
    try {
      const pins = await this.#client.pins(roomId);
      if (this.#store.state.rooms[roomId])
        this.#store.dispatch({ type: "pins_loaded", room_id: roomId, pins });
    } catch {
      // The same.
    }
  }

  // Internal

  /** @param {string} roomId */
  #again(roomId) {
    this.#waiting.delete(roomId);
    if (!this.#store.state.rooms[roomId]) return;
    this.room(roomId);
    if (this.#isOpen(roomId)) this.pins(roomId);
  }

  /** @param {string} roomId */
  #isOpen(roomId) {
    return this.#store.state.visit?.roomId === roomId;
  }
}
