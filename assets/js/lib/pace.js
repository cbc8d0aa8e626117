/** Does something at once, and then at most once in a time: with what it was called with last. Pure. */

/**
 * @template T
 * @param {number} ms
 * @param {(value: T) => void} act
 * @returns {(value: T) => void}
 */
export function paced(ms, act) {
  let isResting = false;
  /** @type {{value: T}|null} */
  let waiting = null;
  const call = (/** @type {T} */ value) => {
    if (isResting) {
      waiting = { value };
      return;
    }
    isResting = true;
    act(value);
    setTimeout(() => {
      isResting = false;
      const next = waiting;
      waiting = null;
      if (next) call(next.value);
    }, ms);
  };
  return call;
}
