/** Holds the state. Actions go in; `change` is emitted at most once per animation frame. */
import { initialState, reduce } from "./reduce.js";

/** @import {Action, State} from "../types.js" */

/** How long a hidden page may wait; it gets no frames, but its title tells about new messages. */
const HIDDEN_MS = 200;

export class Store extends EventTarget {
  /** @type {State} */
  state = initialState();
  #waiting = false;

  /** @param {Action} action */
  dispatch(action) {
    const next = reduce(this.state, action);
    if (next === this.state) return;
    this.state = next;
    if (this.#waiting) return;
    this.#waiting = true;
    // Whichever comes first. The other one must not tell of what has changed since.
    let told = false;
    const tell = () => {
      if (told) return;
      told = true;
      this.#waiting = false;
      this.dispatchEvent(new CustomEvent("change"));
    };
    setTimeout(tell, HIDDEN_MS);
    if (document.visibilityState === "visible") requestAnimationFrame(tell);
  }
}
