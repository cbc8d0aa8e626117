/**
 * Unconfirmed messages, kept in the browser’s storage until the server has confirmed them. Each has
 * an entry of its own, so that tabs do not overwrite each other; the client id prevents duplicates.
 */

/** @import {Pending} from "../types.js" */

export class Outbox {
  #prefix;
  #storage;

  /**
   * @param {string} userId
   * @param {Storage} [storage]
   */
  constructor(userId, storage = localStorage) {
    this.#prefix = `outbox:${userId}:`;
    this.#storage = storage;
  }

  /** @returns {Pending[]} in the order of writing */
  load() {
    /** @type {Pending[]} */
    const found = [];
    for (let index = 0; index < this.#storage.length; index += 1) {
      const key = this.#storage.key(index);
      if (!key?.startsWith(this.#prefix)) continue;
      try {
        const entry = JSON.parse(this.#storage.getItem(key) ?? "");
        if (entry.clientId && entry.roomId && typeof entry.content === "string") found.push(entry);
      } catch {
        // Not ours, or broken: leave it.
      }
    }
    return found.sort((a, b) => a.createdAt.localeCompare(b.createdAt));
  }

  /** @param {Pending} pending */
  keep(pending) {
    try {
      this.#storage.setItem(this.#prefix + pending.clientId, JSON.stringify(pending));
    } catch {
      // Storage is full or refused: the message lives as long as the page.
    }
  }

  /** @param {string} clientId */
  drop(clientId) {
    this.#storage.removeItem(this.#prefix + clientId);
  }

  /**
   * Another tab's storage event: which of our messages is settled there?
   * @param {StorageEvent} event
   * @returns {string|null}
   */
  settledElsewhere(event) {
    return event.key?.startsWith(this.#prefix) && event.newValue === null
      ? event.key.slice(this.#prefix.length)
      : null;
  }
}

/** A new client id: 1 to 64 printable characters, never the same twice. */
export function newClientId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
