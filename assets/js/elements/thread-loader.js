/** Fetches what is needed of threads once the page knows of one: the count in the list, the lines. */
import { lazy } from "./lazy.js";

/** @import {Frame, State} from "../types.js" */
/** @import {ChatApp} from "./chat-app.js" */

export class ThreadLoader {
  #app;
  /** @type {Promise<void>|undefined} */
  #loading;
  /** Whether the server was asked since it is there. */
  #asked = false;

  /** @param {ChatApp} app */
  constructor(app) {
    this.#app = app;
  }

  /** @param {State} state */
  update(state) {
    const { thread, page } = state.route;
    const isOnline = state.connection.state === "online";
    const asks = isOnline && !this.#asked;
    this.#asked = isOnline;
    if (this.#loading) return;
    if (thread || page === "threads" || holdsReply(state)) this.#load();
    else if (asks) this.#ask();
  }

  /** @param {Frame} frame */
  heard({ type }) {
    if (type?.startsWith("thread_")) this.#load();
  }

  // Internal

  /** Do I follow any? */
  async #ask() {
    const path = "api/users/me/threads/followed";
    const answer = await this.#app.chat.client.ask("GET", path).catch(() => null);
    if (answer?.threads.length) this.#load();
  }

  /** After a failure the next thread tries again. */
  #load() {
    this.#loading ??= lazy("thread-counts").then(
      () => {
        /** @type {any} */ (customElements.get("thread-counts")).watch(this.#app);
        this.#app.update();
      },
      () => {
        this.#loading = undefined;
      },
    );
  }
}

/** Does the open conversation hold a reply of a thread? @param {State} state */
function holdsReply({ visit, timelines }) {
  const { messages = [] } = timelines[visit?.roomId ?? ""] ?? {};
  return messages.some(({ threadId }) => threadId);
}
