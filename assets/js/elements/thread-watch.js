/**
 * Keeps up to date which threads I follow, with what is unread in them. Loaded with the first thread
 * that the page knows of.
 */
import { heard, threadsOf } from "../state/threads.js";

/** @import {Chat} from "../state/chat.js" */
/** @import {Frame} from "../types.js" */
/** @import {Threads} from "../types-own.js" */

/** Before what failed is asked again. */
const AGAIN_MS = 5000;

export class ThreadWatch {
  #chat;
  /** Frames that came while the server was being asked; null: it is not. @type {Frame[]|null} */
  #meanwhile = null;
  /** Something came that must be asked for, while the server was being asked. */
  #stale = false;
  /** Up to where I have read rooms, as far as frames told. @type {Map<string, number>} */
  #marks = new Map();

  /** @param {Chat} chat @param {AbortSignal} signal */
  constructor(chat, signal) {
    this.#chat = chat;
    chat.socket.addEventListener(
      "frame",
      (event) => this.#heard(/** @type {CustomEvent<Frame>} */ (event).detail),
      { signal },
    );
    this.ask();
  }

  /** Asks for all of them. */
  async ask() {
    const { store, client } = this.#chat;
    const { me } = store.state;
    if (this.#meanwhile) {
      this.#stale = true;
      return;
    }
    this.#meanwhile = [];
    this.#stale = false;
    /** @type {Threads|null} */
    let threads = null;
    try {
      threads = threadsOf((await client.ask("GET", "api/users/me/threads/followed")).threads);
    } catch {
      setTimeout(() => this.ask(), AGAIN_MS);
    }
    const frames = this.#meanwhile;
    this.#meanwhile = null;
    // Signed out, or somebody else is.
    if (!threads || !me || store.state.me?.userId !== me.userId) return;
    store.dispatch({ type: "threads_loaded", threads });
    for (const frame of frames) this.#apply(frame);
    if (this.#stale) this.ask();
  }

  // Internal

  /** @param {Frame} frame */
  #heard(frame) {
    if ("error" in frame) return;
    if (this.#meanwhile) this.#meanwhile.push(frame);
    else this.#apply(frame);
  }

  /** @param {Frame} frame */
  #apply(frame) {
    const { store } = this.#chat;
    const { threads, me } = store.state;
    if (!me) return;
    if (!threads) return void (frame.type === "subscribed" && this.ask());
    const room = frame.type === "read_marked" ? frame.room_id : "";
    const next = heard(threads, frame, me.userId, this.#marks.get(room));
    if (frame.type === "read_marked" && frame.user_id === me.userId)
      this.#marks.set(room, frame.last_read_seq);
    if (!next) this.ask();
    else if (next !== threads) store.dispatch({ type: "threads_loaded", threads: next });
  }
}
