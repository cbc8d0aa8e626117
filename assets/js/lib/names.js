/** Names and initials of people and rooms. Pure. */

/** @import {Message, Participant, Room, State} from "../types.js" */

/** Participants by login name. @type {WeakMap<Participant[], Map<string, Participant>>} */
const indexes = new WeakMap();

/** @param {Participant[]} participants @param {string} userId */
function personIn(participants, userId) {
  let index = indexes.get(participants);
  if (!index) {
    index = new Map(participants.map((person) => [person.userId, person]));
    indexes.set(participants, index);
  }
  return index.get(userId);
}

/**
 * The name of a person in a room: the one used there, else the display name, else what a live
 * message said.
 * @param {State} state
 * @param {string} roomId
 * @param {string} userId
 * @param {Message} [message]
 * @returns {string} "" for a deleted account
 */
export function personName(state, roomId, userId, message) {
  if (!userId) return "";
  const person = personIn(state.rooms[roomId]?.participants ?? [], userId);
  return (
    person?.edited_name || person?.name || state.people[userId] || message?.senderName || userId
  );
}

/**
 * The name of a person's picture.
 * @param {State} state
 * @param {string|undefined} userId
 * @returns {string|undefined} undefined for none
 */
export function pictureOf(state, userId) {
  return state.pictures[userId ?? ""] || undefined;
}

/**
 * The others of a room that has no name of its own. Empty when I am alone in it.
 * @param {Room} room
 * @param {string} me
 * @returns {Participant[]}
 */
export function others(room, me) {
  return room.participants.filter((person) => person.userId !== me);
}

/**
 * @param {Room} room
 * @param {string} me
 * @returns {string} "" when it has no name and nobody else is in it
 */
export function roomName(room, me) {
  return (
    room.name ||
    others(room, me)
      .map((person) => person.edited_name || person.name)
      .join(", ")
  );
}

/**
 * The other person of a conversation of two without a name.
 * @param {Room} room
 * @param {string} me
 * @returns {Participant|undefined}
 */
export function partner(room, me) {
  return !room.name && room.userCount <= 2 ? others(room, me)[0] : undefined;
}

/**
 * A stable colour for an id, 0 to 9.
 * @param {string} id
 */
export function hue(id) {
  let hash = 7;
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return hash % 10;
}

/**
 * First letters of the first and the last word; of a Korean or Chinese name the given name.
 * @param {string} name
 * @param {"xs"|"s"|"m"|""|"l"} size
 */
export function initials(name, size = "") {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const letters = [...(words[0] ?? "?")];
  const most = size === "xs" || size === "s" ? 1 : 2;
  if (/^[\p{Script=Han}\p{Script=Hangul}]+$/u.test(words.join(""))) {
    const all = [...words.join("")];
    const given = all.length > 2 ? all.slice(-2) : all;
    return given.slice(0, most === 2 && size === "m" ? 1 : most).join("");
  }
  const first = letters.find((letter) => /[\p{L}\p{N}]/u.test(letter)) ?? letters[0];
  const last =
    words.length > 1
      ? [...words[words.length - 1]].find((letter) => /[\p{L}\p{N}]/u.test(letter))
      : undefined;
  return (most === 2 && last ? first + last : first).toLocaleUpperCase();
}

/**
 * The letter on a room's tile.
 * @param {string} name
 */
export function roomLetter(name) {
  return ([...name].find((letter) => /[\p{L}\p{N}]/u.test(letter)) ?? "#").toLocaleUpperCase();
}
