/**
 * What is typed into the search: words, and filters such as `from:ann`, `in:"Study group"`,
 * `has:image`, `is:mine`, `before:2025-07-01`. Pure.
 */
import { roomName } from "../lib/names.js";

/** @import {State} from "../types.js" */

/**
 * A search as the server takes it; times in seconds.
 * @typedef {{q?: string, from?: string, has?: string, since?: number, until?: number, roomId?:
 *   string}} Asked
 */

const FILTER = /(^|\s)(from|in|has|is|before|after|on):(?:"([^"]*)"|(\S+))(?=\s|$)/giu;
const HAS = ["file", "image", "link"];
const DAY = /^(\d{4})-(\d{1,2})-(\d{1,2})$/;

/**
 * @param {string} text what was typed
 * @param {State} state
 * @returns {Asked} with `q` for the words that are left; what is no filter is a word
 */
export function searchOf(text, state) {
  /** @type {Asked} */
  const asked = {};
  /** @type {string[]} */
  const has = [];
  const words = text.replace(FILTER, (all, space, name, quoted, plain) => {
    const value = (quoted ?? plain).trim();
    const kind = name.toLowerCase();
    if (value === "") return all;
    if (kind === "from") asked.from = login(value, state);
    else if (kind === "in") {
      const roomId = room(value, state);
      if (!roomId) return all;
      asked.roomId = roomId;
    } else if (kind === "has" && HAS.includes(value.toLowerCase())) has.push(value.toLowerCase());
    else if (kind === "is" && value.toLowerCase() === "mine") asked.from = state.me?.userId;
    else if (!within(kind, value, asked)) return all;
    return space;
  });
  if (has.length) asked.has = [...new Set(has)].join(",");
  const q = words.replace(/\s+/g, " ").trim();
  if (q || Object.keys(asked).length === 0) asked.q = q;
  return asked;
}

// Internal

/** The time of a day as people here count it. @param {string} kind @param {string} value @param {Asked} asked */
function within(kind, value, asked) {
  const [, year, month, day] = DAY.exec(value)?.map(Number) ?? [];
  if (!year || !["before", "after", "on"].includes(kind)) return false;
  const start = (/** @type {number} */ of) =>
    Math.floor(new Date(year, month - 1, of).getTime() / 1000);
  const [begins, ends] = [start(day), start(day + 1)];
  if (begins < 0) return false;
  if (kind === "before") asked.until = begins;
  if (kind === "after") asked.since = ends;
  if (kind === "on") Object.assign(asked, { since: begins, until: ends });
  return true;
}

/** The login name for a login name or a name. @param {string} value @param {State} state */
function login(value, state) {
  const wanted = fold(value.replace(/^@/, ""));
  const known = Object.values(state.rooms).flatMap(({ participants }) => participants);
  const byName = known.find(
    ({ userId, name, edited_name }) =>
      fold(userId) === wanted || fold(edited_name ?? "") === wanted || fold(name ?? "") === wanted,
  );
  const other = Object.entries(state.people).find(
    ([userId, name]) => fold(userId) === wanted || fold(name) === wanted,
  );
  return byName?.userId ?? other?.[0] ?? value.replace(/^@/, "");
}

/** The id of one of my rooms for its id or name. @param {string} value @param {State} state */
function room(value, state) {
  const wanted = fold(value.replace(/^#/, ""));
  const me = state.me?.userId ?? "";
  const all = Object.values(state.rooms);
  return (
    all.find(({ roomId }) => fold(roomId) === wanted) ??
    all.find((one) => fold(roomName(one, me)) === wanted)
  )?.roomId;
}

/** @param {string} text */
function fold(text) {
  return text.normalize("NFKC").toLowerCase();
}
