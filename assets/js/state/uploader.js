/**
 * Uploads files: those of messages being written, by room, and those of messages that were sent
 * already, by client id. Emits `change` with the owner, a room or a client id, as its detail.
 */
import { isBusy, mayRetry, next, reasonOf, uploaded, withChange, withFiles } from "./uploads.js";

/** @import {Media} from "../types.js" */
/** @import {Upload} from "./uploads.js" */

/**
 * @typedef {(file: File, progress: (part: number) => void, signal: AbortSignal) => Promise<Media>}
 *   Send
 */

export class Uploader extends EventTarget {
  #send;
  /** @type {Map<string, Upload[]>} by owner */
  #lists = new Map();
  /** @type {Map<string, {file: File, stop: AbortController}>} by key */
  #files = new Map();
  #count = 0;

  /** @param {Send} send */
  constructor(send) {
    super();
    this.#send = send;
  }

  /** @param {string} owner @returns {Upload[]} */
  list(owner) {
    return this.#lists.get(owner) ?? [];
  }

  /** Is anything on its way? */
  get busy() {
    return [...this.#lists.values()].some(isBusy);
  }

  /** What is uploaded; null for what was on the server before. @param {string} key */
  file(key) {
    return this.#files.get(key)?.file ?? null;
  }

  // Actions

  /**
   * @param {string} owner
   * @param {File[]} files
   * @param {string} unnamed what a file without a name is called
   */
  add(owner, files, unnamed) {
    const named = files.map((file) => {
      this.#count += 1;
      const key = `file-${this.#count}`;
      this.#files.set(key, { file, stop: new AbortController() });
      return { key, name: file.name || unnamed, type: file.type };
    });
    this.#change(owner, withFiles(this.list(owner), named));
    this.#pump(owner);
  }

  /**
   * Adds files that are on the server already.
   * @param {string} owner
   * @param {Upload[]} uploads
   */
  put(owner, uploads) {
    this.#change(owner, [...this.list(owner), ...uploads]);
  }

  /** @param {string} owner @param {string} key */
  remove(owner, key) {
    this.#files.get(key)?.stop.abort();
    this.#change(
      owner,
      this.list(owner).filter((upload) => upload.key !== key),
    );
    this.#pump(owner);
  }

  /** Tries again what has failed, if that can help. @param {string} owner @param {string} [key] */
  retry(owner, key) {
    this.#change(
      owner,
      this.list(owner).map((upload) =>
        (key === undefined || upload.key === key) && mayRetry(upload)
          ? { ...upload, state: "waiting" }
          : upload,
      ),
    );
    this.#pump(owner);
  }

  /**
   * Passes uploads to another owner, where they go on.
   * @param {string} from
   * @param {string} to
   * @param {(upload: Upload) => boolean} [which]
   */
  move(from, to, which = () => true) {
    const all = this.list(from);
    // First there: what nobody has is forgotten.
    this.#change(to, [...this.list(to), ...all.filter(which)]);
    this.#change(
      from,
      all.filter((upload) => !which(upload)),
    );
  }

  /**
   * Takes what is on the server; what failed, or is on its way, stays.
   * @param {string} owner
   * @returns {Media[]}
   */
  take(owner) {
    const list = this.list(owner);
    this.#change(
      owner,
      list.filter(({ state }) => state !== "done"),
    );
    return uploaded(list);
  }

  /** Forgets all of an owner. @param {string} owner */
  drop(owner) {
    for (const { key } of this.list(owner)) this.#files.get(key)?.stop.abort();
    this.#change(owner, []);
  }

  /** Forgets everything. */
  clear() {
    for (const owner of [...this.#lists.keys()]) this.drop(owner);
  }

  // Internal

  /** @param {string} owner @param {Upload[]} list */
  #change(owner, list) {
    if (list.length) this.#lists.set(owner, list);
    else this.#lists.delete(owner);
    const held = new Set([...this.#lists.values()].flat().map((upload) => upload.key));
    for (const key of this.#files.keys()) if (!held.has(key)) this.#files.delete(key);
    this.dispatchEvent(new CustomEvent("change", { detail: owner }));
  }

  /** @param {string} owner */
  #pump(owner) {
    for (const { key } of next(this.list(owner))) this.#start(key);
  }

  /** Who has the upload now: it may have been passed on. @param {string} key */
  #ownerOf(key) {
    for (const [owner, list] of this.#lists)
      if (list.some((upload) => upload.key === key)) return owner;
    return "";
  }

  /** @param {string} key */
  async #start(key) {
    const entry = this.#files.get(key);
    if (!entry) return;
    const { file, stop } = entry;
    const change = (/** @type {Partial<Upload>} */ what) => {
      const owner = this.#ownerOf(key);
      if (owner) this.#change(owner, withChange(this.list(owner), key, what));
    };
    change({ state: "sending", part: 0, reason: undefined });
    try {
      const media = await this.#send(file, (part) => change({ part }), stop.signal);
      change({ state: "done", part: 1, media });
    } catch (error) {
      if (!stop.signal.aborted)
        change({ state: "failed", reason: reasonOf(/** @type {any} */ (error)) });
    }
    this.#pump(this.#ownerOf(key));
  }
}
