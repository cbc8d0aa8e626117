/** Which messages are of interest to me: levels, keywords, hours without notifications. Pure. */
import { mentionAt, sameName } from "./mentions.js";
import { partner } from "./names.js";

/** @import {Room} from "../types.js" */
/** @import {Level, Preferences} from "../types-own.js" */

/** What stands for all of a room, and for those who are online. */
export const CALLS = ["all", "here"];
/** Up to so many people, everybody may mention all of a public room. */
const CALLED_BY_ALL = 50;
const LETTER = /[\p{L}\p{N}\p{M}]/u;
/** Scripts that put no spaces between words. */
const UNSPACED =
  /[\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}\u30fc\uff70]/u;

/**
 * The level of a room. Where only mentions notify, a conversation of two does too: each message in
 * it is meant for me.
 * @param {Room} room
 * @param {Preferences|null} preferences null: not known yet
 * @param {string} me my login name
 * @returns {Level}
 */
export function levelOf(room, preferences, me) {
  if (room.notify) return room.notify;
  const usual = preferences?.notify ?? "all";
  return usual === "mentions" && partner(room, me) ? "all" : usual;
}

/**
 * Does a message of somebody else mention me, by name or with all of the room?
 * @param {string|undefined} text
 * @param {string|undefined} me my login name
 * @param {Room|undefined} room
 * @param {string} author
 */
export function mentionsMe(text, me, room, author) {
  if (!text?.includes("@")) return false;
  return isMention(text, me) || (room !== undefined && mayCall(room, author) && isCall(text, room));
}

/**
 * May somebody mention all of a room? The rule of the server.
 * @param {Room} room
 * @param {string} userId
 */
export function mayCall({ visibility, userCount, ownerId, participants }, userId) {
  if (visibility === "private" || userCount <= CALLED_BY_ALL || ownerId === userId) return true;
  return participants.some((person) => person.userId === userId && person.role === "admin");
}

/**
 * Does a text mention all of a room, or all who are online?
 * @param {string} text
 * @param {Room} room
 */
export function isCall(text, { participants }) {
  const named = (/** @type {string} */ name) =>
    participants.some(({ userId }) => sameName(userId, name));
  const called = (/** @type {string} */ name) => CALLS.includes(name.toLowerCase());
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const name = mentionAt(text, at, (login) => called(login) || named(login));
    if (name && called(name) && !named(name)) return true;
  }
  return false;
}

/**
 * Does the text hold `@` and the login name, by the rule of the server? A particle may follow it.
 * @param {string|undefined} text
 * @param {string|undefined} login
 */
export function isMention(text, login) {
  if (!text || !login) return false;
  const isMe = (/** @type {string} */ name) => sameName(name, login);
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1))
    if (mentionAt(text, at, isMe)) return true;
  return false;
}

/**
 * Keywords are whole words, without regard to case; in scripts without spaces they may stand
 * anywhere.
 * @param {string} text
 * @param {string[]} keywords
 */
export function hasKeyword(text, keywords) {
  if (keywords.length === 0) return false;
  const where = text.normalize("NFC").toLowerCase();
  return keywords.some((keyword) => holds(where, keyword.normalize("NFC").toLowerCase()));
}

/**
 * Is it an hour without notifications?
 * @param {Preferences|null} preferences
 * @param {Date} now
 */
export function isQuiet(preferences, now) {
  const quiet = preferences?.quiet;
  if (!quiet) return false;
  const time = timeIn(quiet.zone, now);
  const { from, to } = quiet;
  return from < to ? time >= from && time < to : time >= from || time < to;
}

// Internal

/** @param {string} text @param {string} word */
function holds(text, word) {
  for (let at = text.indexOf(word); word && at >= 0; at = text.indexOf(word, at + 1)) {
    const before = [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? "";
    const end = at + word.length;
    const after = [...text.slice(end, end + 2)][0] ?? "";
    if (!joins(before, [...word][0]) && !joins([...word].at(-1) ?? "", after)) return true;
  }
  return false;
}

/** Do two letters belong to one word? @param {string} one @param {string} other */
function joins(one, other) {
  return LETTER.test(one) && LETTER.test(other) && !UNSPACED.test(one) && !UNSPACED.test(other);
}

/** @param {string} zone @param {Date} now @returns {string} `HH:MM` */
function timeIn(zone, now) {
  /** @type {Intl.DateTimeFormatOptions} */
  const form = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  try {
    return new Intl.DateTimeFormat("en-GB", { ...form, timeZone: zone }).format(now);
  } catch {
    // This browser does not know the zone: its own has to do.
    return new Intl.DateTimeFormat("en-GB", form).format(now);
  }
}
