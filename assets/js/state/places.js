/** Where one can go: my rooms, people, public rooms; and finding them by name. Pure. */
import { findIn, lettersOf } from "../lib/find.js";
import { presenceOf } from "./online.js";
import { roomRows } from "./room-rows.js";

/** @import {Person, Room, State} from "../types.js" */

/**
 * @typedef {object} Place
 * @property {string} key
 * @property {"room"|"direct"|"person"|"public"} kind direct: a conversation of two that there is
 *   already; person: one to begin; public: a room that I am not in
 * @property {string} id of the room, or the login name of the person
 * @property {string} name
 * @property {string} [person] login name, of people and in conversations of two
 * @property {string} [picture]
 * @property {import("../types-own.js").Presence} [presence] of that person, as far as it is known
 * @property {boolean} locked
 * @property {number} unread
 */

/** @typedef {Place & {parts: {text: string, hit: boolean}[]}} Found parts: the name */

/**
 * Everything there is, in the order of my rooms; then people, by name.
 * @param {State} state
 * @param {Person[]} [people] who was found by the server
 * @returns {Place[]}
 */
export function placesOf(state, people = []) {
  const rooms = roomRows(state).map(placeOfRow);
  const direct = new Set(rooms.map((place) => place.person));
  const names = new Map(Object.entries(state.people));
  const pictures = new Map(Object.entries(state.pictures));
  for (const { userId, name, media } of people) {
    names.set(userId, name);
    pictures.set(userId, media?.name ?? "");
  }
  names.delete(state.me?.userId ?? "");
  const others = [...names]
    .filter(([userId]) => userId && !direct.has(userId))
    .map(([userId, name]) => ({
      ...placeOfPerson(userId, name, pictures.get(userId)),
      presence: presenceOf(state, userId),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const more = (state.directory.rooms ?? []).filter((room) => !state.rooms[room.roomId]);
  return [...rooms, ...others, ...more.map(placeOfPublic)];
}

/**
 * Those whose name, or whose login name, matches; the best first, then as they were.
 * @param {Place[]} places
 * @param {string} query
 * @param {number} most
 * @returns {Found[]}
 */
export function findPlaces(places, query, most) {
  return places
    .map((place, order) => ({ place, order, match: matchOf(place, query) }))
    .filter(({ match }) => match !== null)
    .sort((a, b) => rankOf(a) - rankOf(b) || a.order - b.order)
    .slice(0, most)
    .map(({ place, match }) => ({ ...place, parts: partsOf(place.name, match?.marks ?? []) }));
}

/**
 * Without a query: my rooms, where something happened last first.
 * @param {State} state
 * @param {number} most
 * @returns {Found[]}
 */
export function recentPlaces(state, most) {
  return roomRows(state)
    .filter((row) => !row.current)
    .slice(0, most)
    .map(placeOfRow)
    .map((place) => ({ ...place, parts: partsOf(place.name, []) }));
}

// Internal

/** @param {import("./room-rows.js").RoomRow} row @returns {Place} */
function placeOfRow({ roomId, name, person, picture, presence, locked, unread }) {
  const kind = person ? "direct" : "room";
  return { key: roomId, kind, id: roomId, name, person, picture, presence, locked, unread };
}

/**
 * @param {string} userId
 * @param {string} name
 * @param {string} [picture]
 * @returns {Place}
 */
function placeOfPerson(userId, name, picture) {
  return {
    key: `@${userId}`,
    kind: "person",
    id: userId,
    name,
    person: userId,
    picture: picture || undefined,
    locked: false,
    unread: 0,
  };
}

/** @param {Room} room @returns {Place} */
function placeOfPublic({ roomId, name }) {
  return {
    key: roomId,
    kind: "public",
    id: roomId,
    name: name ?? roomId,
    locked: false,
    unread: 0,
  };
}

/** A login name counts a little less. @param {Place} place @param {string} query */
function matchOf({ name, person }, query) {
  const byName = findIn(name, query);
  if (byName) return byName;
  const byLogin = person ? findIn(person, query) : null;
  return byLogin && { rank: byLogin.rank + 0.5, marks: [] };
}

/** @param {{match: import("../lib/find.js").Match|null}} found */
function rankOf({ match }) {
  return match?.rank ?? 0;
}

/** @param {string} name @param {[number, number][]} marks */
function partsOf(name, marks) {
  const letters = lettersOf(name);
  const hits = new Set(
    marks.flatMap(([from, to]) => Array.from({ length: to - from }, (_, index) => from + index)),
  );
  /** @type {{text: string, hit: boolean}[]} */
  const parts = [];
  letters.forEach((letter, index) => {
    const hit = hits.has(index);
    const last = parts.at(-1);
    if (last && last.hit === hit) last.text += letter;
    else parts.push({ text: letter, hit });
  });
  return parts;
}
