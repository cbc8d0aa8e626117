/** Reconciles the children of a list by key, with as few changes to the DOM as possible. */

/** @type {WeakMap<Element, Map<string, Element>>} */
const known = new WeakMap();

/**
 * @template T
 * @param {Element} parent whose children all belong to this list
 * @param {T[]} items
 * @param {(item: T) => string} keyOf unique within the list
 * @param {(item: T) => Element} make
 * @param {(node: any, item: T) => void} [change]
 */
export function keyed(parent, items, keyOf, make, change) {
  const before = known.get(parent) ?? new Map();
  /** @type {Map<string, Element>} */
  const after = new Map();
  for (const item of items) {
    const key = keyOf(item);
    after.set(key, before.get(key) ?? make(item));
  }
  const active = /** @type {HTMLElement|null} */ (
    parent.contains(document.activeElement) ? document.activeElement : null
  );
  for (const [key, node] of before) if (!after.has(key)) node.remove();
  let place = parent.firstElementChild;
  for (const item of items) {
    const node = /** @type {Element} */ (after.get(keyOf(item)));
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
    change?.(node, item);
  }
  // A node that was moved has lost the focus.
  if (active?.isConnected && active !== document.activeElement)
    active.focus({ preventScroll: true });
  known.set(parent, after);
}
