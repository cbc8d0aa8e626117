/**
 * The WebSocket, kept alive: connects again after growing, jittered delays and notices connections
 * that died silently. Events: `frame` (detail: the frame), `state` (detail: Connection), `denied`
 * (the session may be over).
 */
/** @import {Connection, Frame} from "../types.js" */

const HEARTBEAT_MS = 30_000;
/** Silence after a ping longer than this is a dead connection. */
const ANSWER_MS = 10_000;
/** A server that accepts and then says nothing is not a connection. */
const GREETING_MS = 15_000;

const FIRST_MS = 500;
const MOST_MS = 30_000;
const RESTART_SPREAD_MS = 10_000;

/** Jitter spreads the reconnects of all clients after a restart of the server. */
const GOING_AWAY = 1001;
/** The queue of this connection was full: come back at once and resume. */
const TRY_AGAIN_LATER = 1013;
/** The session is over, or its token has expired. */
const SESSION_OVER = 4401;

/**
 * How long to wait before the next connection. Pure: chance is passed in.
 * @param {number} attempt tries since the last connection that worked, from 0
 * @param {number} code of the close that came before
 * @param {number} chance 0 to 1
 * @returns {number} milliseconds
 */
export function retryDelay(attempt, code, chance) {
  if (attempt === 0 && code === GOING_AWAY) return Math.round(chance * RESTART_SPREAD_MS);
  if (attempt === 0 && code === TRY_AGAIN_LATER) return 0;
  const most = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(most * (0.5 + chance / 2));
}

export class Socket extends EventTarget {
  /** @type {WebSocket|null} */
  #socket = null;
  #attempt = 0;
  #wanted = false;
  #greeted = false;
  #heartbeatMs = HEARTBEAT_MS;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #retry;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #beat;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #deadline;
  /** Counts connections, so that a sender knows whether a frame went over this one. */
  generation = 0;

  constructor() {
    super();
    addEventListener("online", () => this.retryNow());
    addEventListener("offline", () => this.#wanted && this.#lost(1006));
    document.addEventListener(
      "visibilitychange",
      () => document.visibilityState === "visible" && this.#greeted && this.#ping(),
    );
  }

  // Actions

  start() {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#connect();
  }

  stop() {
    this.#wanted = false;
    this.#drop();
    clearTimeout(this.#retry);
  }

  /** Does not wait for the delay. */
  retryNow() {
    if (this.#wanted && !this.#socket) this.#connect();
  }

  /** The replay is done: only now is the connection one that works. */
  ready() {
    this.#attempt = 0;
    this.#tell({ state: "online" });
  }

  /**
   * @param {object} frame
   * @returns {boolean} false when there is no connection
   */
  send(frame) {
    if (!this.#socket || !this.#greeted || this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  // Internal

  #connect() {
    clearTimeout(this.#retry);
    this.#drop();
    this.#tell({ state: "connecting" });
    const socket = new WebSocket(new URL("chat", document.baseURI.replace(/^http/, "ws")));
    this.#socket = socket;
    this.generation += 1;
    let opened = false;
    socket.onopen = () => {
      opened = true;
    };
    socket.onmessage = ({ data }) => this.#received(data);
    socket.onclose = ({ code }) => {
      if (socket !== this.#socket) return;
      // A refused handshake says nothing of its reason; the session may be the reason.
      if (code === SESSION_OVER || !opened) this.#denied(code, opened);
      else this.#lost(code);
    };
    this.#deadline = setTimeout(() => this.#lost(1006), GREETING_MS);
  }

  /** @param {unknown} data */
  #received(data) {
    clearTimeout(this.#deadline);
    /** @type {Frame} */
    let frame;
    try {
      frame = JSON.parse(String(data));
    } catch {
      return;
    }
    if (frame.type === "connection_established") {
      this.#greeted = true;
      if (frame.heartbeat_s > 0) this.#heartbeatMs = frame.heartbeat_s * 1000;
    }
    this.#schedulePing();
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }

  #schedulePing() {
    clearTimeout(this.#beat);
    this.#beat = setTimeout(() => this.#ping(), this.#heartbeatMs);
  }

  #ping() {
    if (!this.send({ type: "ping" })) return;
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#lost(1006), ANSWER_MS);
    this.#schedulePing();
  }

  /** @param {number} code @param {boolean} opened */
  #denied(code, opened) {
    this.#drop();
    const resume = () =>
      this.#wanted && !this.#socket && this.#lost(opened && this.#attempt === 0 ? 1013 : code);
    this.#tell({ state: "offline" });
    this.dispatchEvent(new CustomEvent("denied", { detail: resume }));
  }

  /** @param {number} code */
  #lost(code) {
    this.#drop();
    const delay = retryDelay(this.#attempt, code, Math.random());
    this.#attempt += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), delay);
    this.#tell({ state: "offline", retryAt: Date.now() + delay });
  }

  #drop() {
    clearTimeout(this.#beat);
    clearTimeout(this.#deadline);
    const socket = this.#socket;
    this.#socket = null;
    this.#greeted = false;
    socket?.close();
  }

  /** @param {Connection} connection */
  #tell(connection) {
    this.dispatchEvent(new CustomEvent("state", { detail: connection }));
  }
}
