/**
 * Keeps the scroll position while the list changes above or below it. The scroller is
 * column-reverse: scrollTop is 0 at the end and negative above it.
 */

/** Closer to the end than this counts as being there. */
const END_PX = 48;

/** @param {Element} scroller */
export function isAtEnd(scroller) {
  return -scroller.scrollTop < END_PX;
}

/**
 * The first child in view, and where it is.
 * @param {Element} scroller
 * @param {Element} list
 * @returns {{node: Element, top: number}|null}
 */
export function anchorOf(scroller, list) {
  const edge = scroller.getBoundingClientRect().top;
  const { children } = list;
  let low = 0;
  let high = children.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (children[middle].getBoundingClientRect().bottom <= edge) low = middle + 1;
    else high = middle;
  }
  // A separator may be gone after the change; a message stays.
  while (low < children.length - 1 && children[low].localName !== "message-item") low += 1;
  const node = children[low];
  return node ? { node, top: node.getBoundingClientRect().top } : null;
}

/**
 * @param {Element} scroller
 * @param {{node: Element, top: number}|null} anchor
 */
export function restore(scroller, anchor) {
  if (!anchor?.node.isConnected) return;
  const moved = anchor.node.getBoundingClientRect().top - anchor.top;
  if (Math.abs(moved) >= 1) scroller.scrollTop += moved;
}

/**
 * Arrow keys go from message to message, beginning with the last one.
 * @param {Element} list
 * @param {KeyboardEvent} event
 */
export function moveFocus(list, event) {
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  const all = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("message-item")]);
  const focused = document.activeElement?.closest("message-item");
  const now = all.indexOf(/** @type {HTMLElement} */ (focused));
  const step = event.key === "ArrowUp" ? -1 : 1;
  const next = now < 0 ? all.length - 1 : now + step;
  if (!all[next]) return;
  event.preventDefault();
  all[next].focus();
}
