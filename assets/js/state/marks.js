/** Reading marks that were sent over the socket and are not answered yet. */

/** @import {Socket} from "../api/socket.js" */
/** @import {Connection, Frame} from "../types.js" */

/** Precedes the number in the `ref` of a mark. */
const REF = "mark ";

export class Marks {
  #socket;
  #sent = 0;
  /** @type {Map<string, {roomId: string, settle: () => void, settled: Promise<void>}>} by ref */
  #underWay = new Map();

  /** @param {Socket} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.addEventListener("frame", (event) => {
      const frame = /** @type {CustomEvent<Frame>} */ (event).detail;
      if ("ref" in frame && typeof frame.ref === "string") this.#answered(frame.ref);
    });
    // What becomes of marks that were sent over a lost connection is not told any more.
    socket.addEventListener("state", (event) => {
      if (/** @type {CustomEvent<Connection>} */ (event).detail.state !== "online")
        for (const ref of this.#underWay.keys()) this.#answered(ref);
    });
  }

  /**
   * @param {string} roomId
   * @param {string} messageId the last one that was read
   * @returns {boolean} false without a connection
   */
  send(roomId, messageId) {
    this.#sent += 1;
    const ref = `${REF}${this.#sent}`;
    if (!this.#socket.send({ type: "mark_read", room_id: roomId, message_id: messageId, ref }))
      return false;
    let settle = () => {};
    const settled = new Promise((/** @type {(value: void) => void} */ resolve) => {
      settle = resolve;
    });
    this.#underWay.set(ref, { roomId, settle, settled });
    return true;
  }

  /** Waits until no mark of this room is under way. @param {string} roomId */
  async settled(roomId) {
    const marks = [...this.#underWay.values()].filter((mark) => mark.roomId === roomId);
    await Promise.all(marks.map((mark) => mark.settled));
  }

  // Internal

  /** @param {string} ref */
  #answered(ref) {
    this.#underWay.get(ref)?.settle();
    this.#underWay.delete(ref);
  }
}
