/**
 * The message that the address names: the list goes there once, as soon as it is held. What is kept
 * of an earlier visit may have it, and lose it when the server has answered.
 */
import { messageById } from "./timeline.js";

/** @import {Timeline} from "../types.js" */

export class Target {
  #reached = "";
  /** It was reached among what was kept. */
  #kept = false;

  /**
   * Whether the list has to go to this message now.
   * @param {Timeline} timeline
   * @param {string} [messageId]
   */
  isDue(timeline, messageId) {
    if (!messageId) this.clear();
    else if (this.#kept && !timeline.reset) {
      this.#kept = false;
      if (!messageById(timeline, this.#reached)) this.#reached = "";
    }
    return messageId !== this.#reached && messageById(timeline, messageId) !== undefined;
  }

  /** @param {Timeline} timeline @param {string} messageId */
  reach(timeline, messageId) {
    this.#reached = messageId;
    this.#kept = timeline.reset;
  }

  clear() {
    this.#reached = "";
    this.#kept = false;
  }
}
