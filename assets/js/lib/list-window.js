/** Which rows of a long list are in the DOM. All rows have the same height. Pure. */

/**
 * What is in view, in pixels.
 * @typedef {object} View
 * @property {number} top how far it is scrolled
 * @property {number} height of what is in view
 * @property {number} row height of a row
 */

/** Rows beyond the view that are there before they are scrolled into it. */
export const BEYOND = 8;

/**
 * @param {View} view
 * @param {number} count of all rows
 * @param {number[]} [kept] rows that stay wherever they are, -1 for none
 * @returns {number[]} ascending
 */
export function rowsNear({ top, height, row }, count, kept = []) {
  const first = Math.max(0, Math.floor(top / row) - BEYOND);
  const end = Math.min(count, Math.ceil((top + height) / row) + BEYOND);
  const near = new Set(kept.filter((index) => index >= 0 && index < count));
  for (let index = first; index < end; index += 1) near.add(index);
  return [...near].sort((a, b) => a - b);
}

/**
 * How far to scroll so that a row is in view; as little as possible.
 * @param {View} view
 * @param {number} index
 */
export function topFor({ top, height, row }, index) {
  return Math.max((index + 1) * row - height, Math.min(top, index * row));
}

/**
 * The row that a key leads to.
 * @param {string} key
 * @param {number} index of the row in focus
 * @param {number} count
 * @param {View} view
 * @returns {number|undefined} undefined: the key means nothing here
 */
export function rowAfterKey(key, index, count, { height, row }) {
  const page = Math.max(1, Math.floor(height / row) - 1);
  /** @type {Record<string, number>} */
  const places = {
    ArrowUp: index - 1,
    ArrowDown: index + 1,
    PageUp: index - page,
    PageDown: index + page,
    Home: 0,
    End: count - 1,
  };
  return key in places ? Math.max(0, Math.min(count - 1, places[key])) : undefined;
}
