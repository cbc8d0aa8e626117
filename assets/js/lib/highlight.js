/** What was found, marked in its text. Pure. */

/**
 * Cuts a snippet at the ends of its hits. The server counts code points, as do we.
 * @param {string} snippet
 * @param {[number, number][]} highlights first and one past the last, ascending
 * @returns {{text: string, hit: boolean}[]}
 */
export function highlightParts(snippet, highlights) {
  const letters = [...snippet];
  /** @type {{text: string, hit: boolean}[]} */
  const parts = [];
  let end = 0;
  for (const [from, to] of highlights) {
    const start = Math.max(from, end);
    const stop = Math.min(to, letters.length);
    if (start >= stop) continue;
    if (start > end) parts.push({ text: letters.slice(end, start).join(""), hit: false });
    parts.push({ text: letters.slice(start, stop).join(""), hit: true });
    end = stop;
  }
  if (end < letters.length) parts.push({ text: letters.slice(end).join(""), hit: false });
  return parts;
}
