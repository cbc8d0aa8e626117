/**
 * Unsent texts by room or thread, kept in the browser’s storage and shared between tabs; and what
 * is known of them on the server, for state/draft-sync.js.
 */

/**
 * @typedef {object} Note
 * @property {number} at version on the server that was seen last, 0 for none
 * @property {boolean} dirty changed here since
 * @property {string} [sent] what the server was last asked to keep, while it has not answered
 * @property {number} [typed] when it was changed here
 * @property {string} [replyTo] the message that it answers
 */

/** @type {Note} */
const NONE = { at: 0, dirty: false };

export class Drafts {
  #prefix;
  #notes;
  #epoch;
  #storage;
  /** What the storage does not take. @type {Map<string, string>} */
  #spare = new Map();

  /**
   * @param {string} userId
   * @param {Storage} [storage]
   */
  constructor(userId, storage = localStorage) {
    this.#prefix = `draft:${userId}:`;
    this.#notes = `draft-note:${userId}:`;
    this.#epoch = `draft-epoch:${userId}`;
    this.#storage = storage;
  }

  /** @returns {Record<string, string>} */
  load() {
    return this.#all(this.#prefix);
  }

  /** Places of which something is known. */
  places() {
    return [
      ...new Set([this.#prefix, this.#notes].flatMap((kind) => Object.keys(this.#all(kind)))),
    ];
  }

  /** @param {string} place */
  text(place) {
    return this.#get(this.#prefix + place) ?? "";
  }

  /** A text without a note was written before there were any. @param {string} place @returns {Note} */
  note(place) {
    const found = this.#get(this.#notes + place);
    if (found) return JSON.parse(found);
    return this.text(place) ? { at: 0, dirty: true, typed: 0 } : NONE;
  }

  /** The message that a draft answers. @param {string} place */
  answer(place) {
    return this.text(place) ? this.note(place).replyTo : undefined;
  }

  /**
   * What was written here.
   * @param {string} place @param {string} text @param {string} [replyTo]
   * @returns {boolean} whether it is something new
   */
  keep(place, text, replyTo) {
    const note = this.note(place);
    const kept = text.trim() ? text : "";
    const answers = kept ? replyTo : undefined;
    if (kept === this.text(place) && answers === note.replyTo) return false;
    this.adopt(place, kept, { ...note, dirty: true, typed: Date.now(), replyTo: answers });
    return true;
  }

  /** @param {string} place @param {string} text @param {Note} note */
  adopt(place, text, note) {
    this.#set(this.#prefix + place, text);
    this.remember(place, note);
  }

  /** Without a text, only what the server must still hear is remembered. @param {string} place @param {Note} note */
  remember(place, note) {
    const matters = note.dirty || this.text(place);
    this.#set(this.#notes + place, matters ? JSON.stringify(note) : "");
  }

  /**
   * Whether what is known of the server is of another past of it, as after a backup was restored.
   * @param {string} [epoch] that of its present
   */
  isOtherPast(epoch = "") {
    const before = this.#get(this.#epoch);
    this.#set(this.#epoch, epoch);
    return before !== null && before !== epoch;
  }

  /** The account is gone. */
  clear() {
    for (const place of this.places()) this.adopt(place, "", NONE);
    this.#set(this.#epoch, "");
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

  // Internal

  /** @param {string} prefix @returns {Record<string, string>} */
  #all(prefix) {
    /** @type {Record<string, string>} */
    const found = {};
    const keys = Array.from({ length: this.#storage.length }, (_, at) => this.#storage.key(at));
    for (const key of [...keys, ...this.#spare.keys()])
      if (key?.startsWith(prefix)) found[key.slice(prefix.length)] = this.#get(key) ?? "";
    return found;
  }

  /** @param {string} key */
  #get(key) {
    return this.#spare.get(key) ?? this.#storage.getItem(key);
  }

  /** @param {string} key @param {string} value "" for none */
  #set(key, value) {
    this.#spare.delete(key);
    try {
      if (value) this.#storage.setItem(key, value);
      else this.#storage.removeItem(key);
    } catch {
      // Storage is full or refused: the draft lives as long as the page.
      this.#spare.set(key, value);
    }
  }
}
