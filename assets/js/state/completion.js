/** Completes people after `@` and emoji after `:`. Pure. */

/**
 * @typedef {{kind: "person"|"emoji", query: string, start: number}} Token start: where the mark
 *   stands
 */
/** @typedef {{userId: string, name: string, picture?: string}} Candidate */
/** @typedef {{glyph: string, words: string[]}} Emoji */

const MOST = 8;
const LONGEST = 32;

/**
 * The word that is being written at the caret, when it can be completed.
 * @param {string} text
 * @param {number} caret
 * @returns {Token|null}
 */
export function tokenAt(text, caret) {
  const before = text.slice(Math.max(0, caret - LONGEST - 2), caret);
  const person = /(?:^|[^\p{L}\p{M}\p{N}_])@([^\s@:]*)$/u.exec(before);
  if (person) return { kind: "person", query: person[1], start: caret - person[1].length - 1 };
  // One letter is enough where a letter is a word.
  const emoji = /(?:^|\s):([\p{L}\p{M}\p{N}_+-]{2,}|[\p{Script=Hangul}\p{Script=Han}])$/u.exec(
    before,
  );
  return emoji ? { kind: "emoji", query: emoji[1], start: caret - emoji[1].length - 1 } : null;
}

/** @param {string} text */
function folded(text) {
  return text.normalize("NFC").toLocaleLowerCase();
}

/**
 * People whose login name, or any word of whose name, begins like that; those who begin so come
 * first.
 * @param {Candidate[]} people
 * @param {string} query
 * @returns {Candidate[]}
 */
export function findPeople(people, query) {
  const wanted = folded(query);
  const rank = (/** @type {Candidate} */ { userId, name }) => {
    if (folded(name).startsWith(wanted) || folded(userId).startsWith(wanted)) return 0;
    if (
      folded(name)
        .split(/\s+/u)
        .some((word) => word.startsWith(wanted))
    )
      return 1;
    return folded(name).includes(wanted) ? 2 : 3;
  };
  return people
    .map((person) => ({ person, at: rank(person) }))
    .filter(({ at }) => at < 3)
    .sort((a, b) => a.at - b.at || a.person.name.localeCompare(b.person.name))
    .slice(0, MOST)
    .map(({ person }) => person);
}

/**
 * @param {Emoji[]} all
 * @param {string} query
 * @param {number} [most]
 * @returns {Emoji[]}
 */
export function findEmoji(all, query, most = MOST) {
  const wanted = folded(query);
  const rankOf = (/** @type {string} */ word) => {
    if (word === wanted) return 0;
    if (word.startsWith(wanted)) return 1;
    return word.includes(wanted) ? 2 : 3;
  };
  const rank = (/** @type {Emoji} */ { words }) => Math.min(...words.map(rankOf));
  return all
    .map((emoji, index) => ({ emoji, index, at: rank(emoji) }))
    .filter(({ at }) => at < 3)
    .sort((a, b) => a.at - b.at || a.index - b.index)
    .slice(0, most)
    .map(({ emoji }) => emoji);
}

/**
 * The text with the word replaced, and where the caret stands then.
 * @param {string} text
 * @param {number} caret
 * @param {Token} token
 * @param {string} insert
 */
export function completed(text, caret, token, insert) {
  const rest = text.slice(caret);
  const put = /^\s/u.test(rest) ? insert : `${insert} `;
  return {
    text: text.slice(0, token.start) + put + rest,
    caret: token.start + put.length + (put === insert ? 1 : 0),
  };
}
