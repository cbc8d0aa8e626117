/** Where the reader was in rooms that were left above their end. */
import { anchorOf } from "../lib/scroll.js";

/** A message at the upper edge of the view, and its distance from it. @typedef {{seq: number, top: number}} Place */

export class ReadingPlaces {
  /** @type {Map<string, Place>} by room */
  #places = new Map();

  /** @param {string} roomId @returns {Place|undefined} */
  of(roomId) {
    return this.#places.get(roomId);
  }

  /**
   * Before another room is shown.
   * @param {string} roomId
   * @param {boolean} atEnd there is nothing to come back to
   * @param {Element} scroller
   * @param {Element} list
   */
  keep(roomId, atEnd, scroller, list) {
    this.#places.delete(roomId);
    const anchor = atEnd ? null : anchorOf(scroller, list);
    const seq = Number(anchor?.node.getAttribute("data-seq"));
    if (!anchor || !seq) return;
    this.#places.set(roomId, { seq, top: anchor.top - scroller.getBoundingClientRect().top });
  }

  /** Scrolls back. @param {Place} place @param {Element} scroller @param {Element} list */
  restore({ seq, top }, scroller, list) {
    const node = list.querySelector(`[data-seq="${seq}"]`);
    const edge = scroller.getBoundingClientRect().top;
    if (node) scroller.scrollTop += node.getBoundingClientRect().top - edge - top;
  }
}
