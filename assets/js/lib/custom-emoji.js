/**
 * The custom emoji of the server: fetched when the first one is needed, then kept up to date by
 * frames. Emits `change`.
 */
import { emit } from "./dom.js";
import { ApiError } from "./errors.js";
import { mediaPath } from "./media.js";

/** @import {Emoji} from "./emoji.js" */

/** @typedef {{name: string, userId?: string, mediaName: string}} Custom userId: if it is mine, or I am an administrator */
/**
 * @typedef {object} Source
 * @property {{ask: (method: string, path: string) => Promise<any>}} client
 * @property {EventTarget} socket
 */

/** As the server limits them. */
export const MOST_BYTES = 256 * 1024;
export const LONGEST_SIDE = 1024;
export const NAME = /^[a-z\d_+-]{2,64}$/u;

/** @param {string} text @returns {string} the name between colons, "" if it is none */
export function nameIn(text) {
  return /^:([a-z\d_+-]{2,64}):$/u.exec(text)?.[1] ?? "";
}

/**
 * A name for a picture that was chosen from the disk.
 * @param {string} file
 */
export function nameFor(file) {
  const name = file
    .replace(/\.\w+$/u, "")
    .toLowerCase()
    .replaceAll(/[^a-z\d_+-]+/gu, "_")
    .replaceAll(/^_+|_+$/gu, "")
    .slice(0, 64);
  return NAME.test(name) ? name : "";
}

export class CustomEmojiList extends EventTarget {
  /** May I add some, and delete those that I have added? */
  mayAdd = false;
  /** @type {Map<string, Custom>} */
  #byName = new Map();
  /** As the picker and the completion take them. @type {Emoji[]|null} */
  #found = null;
  /** @type {Source|null} */
  #source = null;
  /** @type {Promise<void>|null} */
  #loading = null;
  /** One was added, on this or another device. */
  #unsure = false;

  /**
   * Waits until they are known. After a failure the next call tries again.
   * @param {Element} element one of the page: asks for the connection to the server
   * @returns {Promise<void>}
   */
  need(element) {
    if (!this.#source)
      emit(element, "emoji-needed", (/** @type {Source} */ source) => this.start(source));
    return (this.#loading ??= this.#load());
  }

  /** @param {Source} source */
  start(source) {
    this.#source = source;
    source.socket.addEventListener("frame", (event) =>
      this.heard(/** @type {CustomEvent} */ (event).detail),
    );
  }

  /** @param {any} frame */
  heard(frame) {
    const { type, name, media_name: mediaName } = frame;
    if (type === "emoji_added") {
      this.#put({ name, mediaName });
      this.#unsure = true;
    } else if (type === "emoji_removed") this.#byName.delete(name);
    // What has changed meanwhile was not heard.
    else if (type === "connection_established" && this.#loading) {
      this.#loading = this.#load();
      return void this.#loading.catch(() => undefined);
    } else return;
    this.#changed();
  }

  /** @returns {Custom[]} by name */
  all() {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @param {string} name @returns {string} address of its picture, "" if there is none */
  pictureOf(name) {
    const found = this.#byName.get(name);
    return found ? mediaPath(found.mediaName) : "";
  }

  /** As the picker and the completion take them. @returns {Emoji[]} */
  asEmoji() {
    this.#found ??= this.all().map(({ name, mediaName }) => ({
      glyph: `:${name}:`,
      picture: mediaPath(mediaName),
      group: "custom",
      toned: false,
      frequent: true,
      version: 0,
      name,
      words: [name],
      more: name.split(/[_+-]+/u).filter(Boolean),
    }));
    return this.#found;
  }

  /**
   * @param {string} name
   * @param {Blob} picture
   */
  async add(name, picture) {
    const answer = await fetch(`api/emoji?name=${encodeURIComponent(name)}`, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": picture.type || "application/octet-stream" },
      body: picture,
    }).catch(() => {
      throw new ApiError(0, "offline", "The server cannot be reached.");
    });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok)
      throw new ApiError(
        answer.status,
        said.error ?? "internal",
        said.message ?? answer.statusText,
        said.field,
      );
    // Frames do not say who has added one.
    this.#put(said);
    this.#changed();
  }

  /** Asks again if it is not known of all of them whether they are mine. */
  async refresh() {
    if (this.#unsure) await (this.#loading = this.#load());
  }

  /** @param {string} name */
  async remove(name) {
    await this.#source?.client.ask("DELETE", `api/emoji/${encodeURIComponent(name)}`);
  }

  // Internal

  async #load() {
    try {
      const { emoji, mayAdd } = await /** @type {Source} */ (this.#source).client.ask(
        "GET",
        "api/emoji",
      );
      this.mayAdd = mayAdd;
      this.#unsure = false;
      this.#byName = new Map(emoji.map((/** @type {Custom} */ one) => [one.name, one]));
      this.#changed();
    } catch (error) {
      this.#loading = null;
      throw error;
    }
  }

  /** What is known of whose it is stays. @param {Custom} one */
  #put(one) {
    const before = this.#byName.get(one.name);
    const userId = before?.mediaName === one.mediaName ? before.userId : undefined;
    this.#byName.set(one.name, { userId, ...one });
  }

  #changed() {
    this.#found = null;
    this.dispatchEvent(new Event("change"));
  }
}

export const customEmoji = new CustomEmojiList();
