/**
 * Sends messages when there is a connection, and again after a reconnect, with the same client id.
 */
import { newClientId, Outbox } from "./outbox.js";

/** @import {Socket} from "../api/socket.js" */
/** @import {Media, Pending} from "../types.js" */
/** @import {Store} from "./store.js" */

/** The server was asked too much or is not well: worth another try, with the same client id. */
const TRANSIENT = new Set(["rate_limited", "unavailable", "internal"]);
const AGAIN_MS = 2000;
const AGAIN_MOST_MS = 16_000;

/**
 * @typedef {object} Extras
 * @property {string} [replyTo]
 * @property {Media[]} [media]
 * @property {string} [waitsAs] client id of a message whose files are still being uploaded
 */

export class Sender {
  #store;
  #socket;
  /** @type {Outbox|null} */
  #outbox = null;
  /** @type {Pending[]} what the storage holds */
  #kept = [];
  /** @type {Map<string, number>} over which connection a message went last */
  #sentOver = new Map();
  /** @type {ReturnType<typeof setTimeout>|undefined} nothing goes out before that */
  #pause;
  /**
   * How long the next pause is. After a refusal one message at a time goes out, so that none
   * overtakes another; 0: all at once.
   */
  #wait = 0;

  /**
   * @param {Store} store
   * @param {Socket} socket
   */
  constructor(store, socket) {
    this.#store = store;
    this.#socket = socket;
    store.addEventListener("change", () => this.#keep());
    addEventListener("storage", (event) => {
      const clientId = this.#outbox?.settledElsewhere(event);
      if (clientId) store.dispatch({ type: "send_dropped", clientId });
    });
  }

  /**
   * What an earlier page of this user left behind.
   * @param {string} userId
   */
  restore(userId) {
    this.#outbox = new Outbox(userId);
    this.#sentOver.clear();
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#wait = 0;
    this.#kept = this.#outbox.load();
    return this.#kept;
  }

  /**
   * @param {string} roomId
   * @param {string} content
   * @param {Extras} [extras]
   */
  send(roomId, content, { replyTo, media = [], waitsAs } = {}) {
    /** @type {Pending} */
    const pending = {
      clientId: waitsAs ?? newClientId(),
      roomId,
      content,
      replyTo,
      ...(media.length && { media }),
      createdAt: new Date().toISOString(),
      state: waitsAs ? "uploading" : "pending",
    };
    this.#store.dispatch({ type: "queued", pending });
    this.#keep();
    this.flush();
  }

  /**
   * The files of a message are on the server: it goes out.
   * @param {string} clientId
   * @param {string} content
   * @param {Media[]} media
   */
  uploaded(clientId, content, media) {
    this.#store.dispatch({ type: "uploaded", clientId, content, media });
    this.#keep();
    this.flush();
  }

  /**
   * What a tab that is closed by now wrote and could not send. A tab that is still open sends it
   * too: the client id makes that harmless.
   */
  adopt() {
    // What was confirmed in this very moment is not what another tab has left.
    this.#keep();
    for (const pending of this.#outbox?.load() ?? []) {
      const known = this.#store.state.outbox.some(({ clientId }) => clientId === pending.clientId);
      if (!known && pending.state === "pending") this.#store.dispatch({ type: "queued", pending });
    }
  }

  /** Everything that did not go over this connection yet, in order. */
  flush() {
    const { outbox, connection } = this.#store.state;
    if (connection.state !== "online" || this.#pause !== undefined) return;
    if (!outbox.some(({ state }) => state === "pending")) this.#wait = 0;
    for (const { clientId, roomId, content, replyTo, media = [], state } of outbox) {
      if (state !== "pending") continue;
      if (this.#sentOver.get(clientId) === this.#socket.generation) {
        if (this.#wait) return;
        continue;
      }
      const frame = {
        type: "chat_message",
        room_id: roomId,
        content,
        client_id: clientId,
        ref: clientId,
        ...(replyTo && { reply_to: replyTo }),
        ...(media.length && { media_ids: media.map(({ id }) => id) }),
      };
      if (!this.#socket.send(frame)) return;
      this.#sentOver.set(clientId, this.#socket.generation);
      if (this.#wait) return;
    }
  }

  /**
   * @param {string} clientId
   * @param {string} code
   */
  refused(clientId, code) {
    if (!this.#store.state.outbox.some((pending) => pending.clientId === clientId)) return;
    if (!TRANSIENT.has(code)) this.#store.dispatch({ type: "send_failed", clientId, reason: code });
    else {
      this.#sentOver.delete(clientId);
      if (this.#pause !== undefined) return;
      this.#wait = Math.min(this.#wait * 2 || AGAIN_MS, AGAIN_MOST_MS);
      this.#pause = setTimeout(() => {
        this.#pause = undefined;
        this.flush();
      }, this.#wait);
    }
  }

  /** @param {string} clientId */
  retry(clientId) {
    this.#sentOver.delete(clientId);
    this.#store.dispatch({ type: "send_retried", clientId });
    this.flush();
  }

  /** @param {string} clientId */
  discard(clientId) {
    this.#store.dispatch({ type: "send_dropped", clientId });
  }

  // Internal

  #keep() {
    const { outbox, me } = this.#store.state;
    if (outbox === this.#kept || !this.#outbox || !me) return;
    const now = new Set(outbox.map((pending) => pending.clientId));
    for (const { clientId } of this.#kept) if (!now.has(clientId)) this.#outbox.drop(clientId);
    for (const pending of outbox) if (!this.#kept.includes(pending)) this.#outbox.keep(pending);
    this.#kept = outbox;
    // One was settled: it is the next one's turn.
    if (this.#wait && this.#pause === undefined) {
      this.#wait = AGAIN_MS;
      this.flush();
    }
  }
}
