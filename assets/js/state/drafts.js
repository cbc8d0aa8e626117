/** Unsent texts by room, kept in the browser’s storage and shared between tabs. */

export class Drafts {
  #prefix;
  #storage;

  /**
   * @param {string} userId
   * @param {Storage} [storage]
   */
  constructor(userId, storage = localStorage) {
    this.#prefix = `draft:${userId}:`;
    this.#storage = storage;
  }

  /** @returns {Record<string, string>} */
  load() {
    /** @type {Record<string, string>} */
    const found = {};
    for (let index = 0; index < this.#storage.length; index += 1) {
      const key = this.#storage.key(index);
      if (key?.startsWith(this.#prefix))
        found[key.slice(this.#prefix.length)] = this.#storage.getItem(key) ?? "";
    }
    return found;
  }

  /** @param {string} roomId @param {string} text */
  keep(roomId, text) {
    try {
      if (text.trim()) this.#storage.setItem(this.#prefix + roomId, text);
      else this.#storage.removeItem(this.#prefix + roomId);
    } catch {
      // Storage is full or refused: the draft lives as long as the page.
    }
  }

  /** The account is gone. */
  clear() {
    for (const roomId of Object.keys(this.load())) this.#storage.removeItem(this.#prefix + roomId);
  }

  /**
   * Another tab's storage event.
   * @param {StorageEvent} event
   * @returns {{room_id: string, text: string}|null}
   */
  changedElsewhere(event) {
    return event.key?.startsWith(this.#prefix)
      ? { room_id: event.key.slice(this.#prefix.length), text: event.newValue ?? "" }
      : null;
  }
}
