/**
 * Completes people after `@`, emoji after `:` and slash commands, and knows `:tada:`. Pure.
 */

/**
 * @typedef {{kind: "person"|"emoji"|"command", query: string, start: number}} Token start: where the mark
 *   stands
 */
/** @typedef {{userId: string, name: string, picture?: string}} Candidate */
/** @typedef {{name: string, description: string, hint: string}} Command name: without the slash */
/** @import {Emoji} from "../lib/emoji.js" */

const MOST = 8;
const LONGEST = 32;
/** Worse than every way to be found. */
const NOT_FOUND = 5;

/**
 * The word that is being written at the caret, when it can be completed.
 * @param {string} text
 * @param {number} caret
 * @returns {Token|null}
 */
export function tokenAt(text, caret) {
  const command = /^\/([\p{L}\p{N}_-]*)$/u.exec(text.slice(0, Math.min(caret, LONGEST + 1)));
  if (command && caret <= LONGEST + 1) return { kind: "command", query: command[1], start: 0 };
  const before = text.slice(Math.max(0, caret - LONGEST - 2), caret);
  const person = /(?:^|[^\p{L}\p{M}\p{N}_])@([^\s@:]*)$/u.exec(before);
  if (person) return { kind: "person", query: person[1], start: caret - person[1].length - 1 };
  // One letter is enough where a letter is a word.
  const emoji = /(?:^|\s):([\p{L}\p{M}\p{N}_+-]{2,}|[\p{Script=Hangul}\p{Script=Han}])$/u.exec(
    before,
  );
  return emoji ? { kind: "emoji", query: emoji[1], start: caret - emoji[1].length - 1 } : null;
}

/**
 * The name and the text of a slash command; the name is empty if it cannot be one.
 * @param {string} content
 * @returns {{name: string, text: string}}
 */
export function commandOf(content) {
  const [, name = "", text = ""] = /^\/([\p{L}\p{N}_-]+)(?:\s+([\s\S]*))?$/u.exec(content) ?? [];
  return { name: name.toLowerCase(), text };
}

/**
 * Commands whose name begins like that, then those that contain it, or whose description does.
 * @param {Command[]} all
 * @param {string} query
 * @returns {Command[]}
 */
export function findCommands(all, query) {
  const wanted = folded(query);
  const rank = (/** @type {Command} */ { name, description }) => {
    if (folded(name).startsWith(wanted)) return 0;
    return folded(name).includes(wanted) || folded(description).includes(wanted) ? 1 : 2;
  };
  return all
    .map((command) => ({ command, at: rank(command) }))
    .filter(({ at }) => at < 2)
    .sort((a, b) => a.at - b.at || a.command.name.localeCompare(b.command.name))
    .slice(0, MOST)
    .map(({ command }) => command);
}

/**
 * The short name of an emoji between two colons, of which the caret stands behind the last.
 * @param {string} text
 * @param {number} caret
 * @returns {{code: string, start: number}|null}
 */
export function codeAt(text, caret) {
  const before = text.slice(Math.max(0, caret - LONGEST - 3), caret);
  const code = /(?:^|\s):([\p{L}\p{M}\p{N}_+-]{2,}):$/u.exec(before)?.[1];
  return code ? { code: folded(code), start: caret - code.length - 2 } : null;
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
 * Emoji that have all words of the query, those first that are called so, then those used most.
 * @param {Emoji[]} all
 * @param {string} query
 * @param {number} [most]
 * @returns {Emoji[]}
 */
export function findEmoji(all, query, most = MOST) {
  const wanted = folded(query).split(/\s+/u).filter(Boolean);
  const rankOf = (/** @type {Emoji} */ emoji) =>
    Math.max(...wanted.map((word) => emojiRank(emoji, word)));
  return all
    .map((emoji, index) => ({ emoji, index, at: rankOf(emoji) }))
    .filter(({ at }) => at < NOT_FOUND)
    .sort(
      (a, b) =>
        a.at - b.at || Number(b.emoji.frequent) - Number(a.emoji.frequent) || a.index - b.index,
    )
    .slice(0, most)
    .map(({ emoji }) => emoji);
}

/** @param {Emoji} emoji @param {string} wanted */
function emojiRank({ words, more }, wanted) {
  const ranks = [
    words.includes(wanted),
    words.some((word) => word.startsWith(wanted)),
    more.includes(wanted),
    more.some((word) => word.startsWith(wanted)),
    [...words, ...more].some((word) => word.includes(wanted)),
  ];
  const rank = ranks.indexOf(true);
  return rank < 0 ? NOT_FOUND : rank;
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
