/** Places a popover beside what opened it. */

/** Distance from it, and from the edges of the page. */
const GAP = 4;
const EDGE = 8;

/** @typedef {{getBoundingClientRect: () => DOMRect}} Place an element, or where one was */

/**
 * Above or below an element, wherever there is room; its style reads `--x` and `--y`.
 * @param {HTMLElement} popover shown
 * @param {Place} at
 * @param {"above"|"below"} side where it stands if both fit
 */
export function place(popover, at, side) {
  const { left, right, top, bottom } = at.getBoundingClientRect();
  const { width, height } = popover.getBoundingClientRect();
  const above = top - height - GAP;
  const below = bottom + GAP;
  const fits = { above: above > EDGE, below: below + height < innerHeight - EDGE };
  const other = side === "above" ? "below" : "above";
  const lowest = Math.max(EDGE, innerHeight - height - EDGE);
  const y = { above: Math.max(EDGE, above), below: Math.min(below, lowest) };
  const x = side === "above" ? left - width / 2 : right - width;
  const put = (/** @type {string} */ name, /** @type {number} */ value) =>
    popover.style.setProperty(name, `${value}px`);
  put("--x", Math.max(EDGE, Math.min(x, innerWidth - width - EDGE)));
  put("--y", y[fits[side] || !fits[other] ? side : other]);
}
