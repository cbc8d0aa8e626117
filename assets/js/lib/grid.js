/** Where arrow keys lead in a grid of sections, each with rows of the same length. Pure. */

/**
 * @param {number[]} lengths how many each section has; none is empty
 * @param {{section: number, index: number}} from
 * @param {string} key
 * @param {number} columns
 * @returns {{section: number, index: number}|null} null: out at the upper end
 */
export function moveInGrid(lengths, { section, index }, key, columns) {
  if (key === "Home") return { section: 0, index: 0 };
  const last = lengths.length - 1;
  if (key === "End") return { section: last, index: lengths[last] - 1 };
  if (key === "ArrowLeft" || key === "ArrowRight")
    return step(lengths, section, index + (key === "ArrowLeft" ? -1 : 1));
  const column = index % columns;
  if (key === "ArrowUp") {
    if (index >= columns) return { section, index: index - columns };
    if (section === 0) return null;
    const count = lengths[section - 1];
    const row = count - 1 - ((count - 1) % columns);
    return { section: section - 1, index: Math.min(row + column, count - 1) };
  }
  const row = index - column;
  const hasNext = row + columns < lengths[section];
  if (hasNext) return { section, index: Math.min(index + columns, lengths[section] - 1) };
  if (section === last) return { section, index };
  return { section: section + 1, index: Math.min(column, lengths[section + 1] - 1) };
}

// Internal

/** @param {number[]} lengths @param {number} section @param {number} index */
function step(lengths, section, index) {
  if (index < 0)
    return section === 0 ? null : { section: section - 1, index: lengths[section - 1] - 1 };
  if (index < lengths[section]) return { section, index };
  return section === lengths.length - 1
    ? { section, index: index - 1 }
    : { section: section + 1, index: 0 };
}
