/** Media queries whose answer is kept: asking the browser makes it compute the layout. */

/**
 * @param {string} text
 * @returns {{matches: boolean, list: MediaQueryList}} `matches` is right before the listeners of
 *   `list` are called
 */
export function mediaQuery(text) {
  const list = matchMedia(text);
  const query = { matches: list.matches, list };
  list.addEventListener("change", () => {
    query.matches = list.matches;
  });
  return query;
}
