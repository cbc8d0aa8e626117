/** Pure. */

/**
 * Were two things made of the same parts?
 * @param {unknown[]} one
 * @param {unknown[]} other
 */
export function same(one, other) {
  return one.length === other.length && one.every((part, index) => part === other[index]);
}
