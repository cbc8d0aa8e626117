/**
 * Tells the server that nobody uses this browser, in whichever of its tabs, and when somebody does
 * again.
 */

/** @import {Socket} from "../api/socket.js" */

/** After as long without a pointer, key or touch a person is away. */
const IDLE_MS = 10 * 60_000;
/** How often it is looked whether that time is over. */
const LOOK_MS = 30_000;
/** How often other tabs are told that this one is used. */
const TELL_MS = 15_000;
/** When the browser was last used, ms since 1970. */
const KEY = "active";
const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "focus"];

export class Idleness {
  #socket;
  #last = Date.now();
  #told = 0;
  #idle = false;

  /** @param {{socket: Socket}} parts @param {AbortSignal} signal */
  constructor({ socket }, signal) {
    this.#socket = socket;
    const used = () => this.#used();
    for (const sign of SIGNS)
      addEventListener(sign, used, { capture: true, passive: true, signal });
    addEventListener("storage", ({ key }) => key === KEY && this.#look(), { signal });
    const timer = setInterval(() => this.#look(), LOOK_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  // Actions

  /** For the server, whoever has just connected is there. */
  async start() {
    this.#idle = false;
    this.#look();
  }

  // Internal

  #used() {
    this.#last = Date.now();
    if (this.#last - this.#told >= TELL_MS) {
      this.#told = this.#last;
      localStorage.setItem(KEY, String(this.#last));
    }
    if (this.#idle) this.#look();
  }

  #look() {
    const last = Math.max(this.#last, Number(localStorage.getItem(KEY)));
    const idle = Date.now() - last >= IDLE_MS;
    if (idle !== this.#idle && this.#socket.send({ type: "set_idle", idle })) this.#idle = idle;
  }
}
