/**
 * The list of my rooms as it is shown. What did not change is the same object as before, so that
 * nothing is compared or drawn again. Pure.
 */
import { levelOf } from "../lib/attention.js";
import { snippet } from "../lib/markdown.js";
import { partner, personName, pictureOf, roomName } from "../lib/names.js";
import { same } from "../lib/same.js";
import { statusOf } from "../lib/status.js";
import { presenceOf } from "./online.js";

/** @import {Room, State} from "../types.js" */

/**
 * @typedef {object} RoomRow
 * @property {string} roomId
 * @property {string} name
 * @property {string} [person] login name of the other, in a conversation of two
 * @property {string} [picture] of the other
 * @property {import("../types-own.js").Presence} [presence] of the other, as far as it is known
 * @property {import("../types-own.js").Status|null} status of the other
 * @property {boolean} locked
 * @property {boolean} archived
 * @property {string} at
 * @property {number} time the same, to compare
 * @property {string} who author of the last message, "" for none
 * @property {boolean} mine
 * @property {string|null} snippet null: deleted
 * @property {boolean} empty
 * @property {string} draft what I have begun to write, not in the open room
 * @property {number} unread
 * @property {number} mentions
 * @property {boolean} muted nothing in it notifies
 * @property {boolean} quiet only mentions do
 * @property {boolean} favourite
 * @property {boolean} current
 */

/**
 * What a row was made of, besides its room.
 * @type {WeakMap<Room, {of: unknown[], row: RoomRow, round: unknown[], draft: string}>}
 */
const made = new WeakMap();
const A_WHILE_MS = 10_000;
/** What all rows depend on; the same while none of it changes. */
let round = /** @type {unknown[]} */ ([]);
/** The list that was made last, and of what. */
const last = { of: /** @type {unknown[]} */ ([]), rows: /** @type {RoomRow[]} */ ([]) };

/**
 * My rooms, newest activity first.
 * @param {State} state
 * @returns {RoomRow[]} the same array while nothing in it changes
 */
export function roomRows(state) {
  const of = [
    state.rooms,
    state.people,
    state.pictures,
    state.drafts,
    state.visit?.roomId,
    state.me,
    state.online,
    state.presence,
    state.connection.state,
    state.preferences,
    state.statuses,
  ];
  if (same(of, last.of)) return last.rows;
  last.of = of;
  const [, people, pictures, , , ...others] = of;
  // A status ends by itself.
  const now = [people, pictures, ...others, Math.floor(Date.now() / A_WHILE_MS)];
  if (!same(now, round)) round = now;
  last.rows = Object.values(state.rooms)
    .map((room) => rowOf(state, room))
    .sort((a, b) => b.time - a.time || compare(b.roomId, a.roomId));
  return last.rows;
}

/**
 * The rooms in the order in which they stand already, so that none moves while somebody points at
 * it. Those that did not stand there come first.
 * @param {RoomRow[]} rows newest first
 * @param {RoomRow[]} before as they stand
 * @returns {RoomRow[]}
 */
export function keptInOrder(rows, before) {
  const places = new Map(before.map((row, place) => [row.roomId, place]));
  const place = (/** @type {RoomRow} */ { roomId }) => places.get(roomId) ?? -1;
  return rows.toSorted((a, b) => place(a) - place(b));
}

/**
 * The room before or after another one in the list.
 * @param {RoomRow[]} rows
 * @param {string} roomId "" for none
 * @param {1|-1} step
 * @param {boolean} [unread] only rooms with something unread
 * @returns {string|undefined} undefined at the end
 */
export function neighbour(rows, roomId, step, unread = false) {
  const at = rows.findIndex((row) => row.roomId === roomId);
  const from = at < 0 && step < 0 ? rows.length : at;
  for (let index = from + step; rows[index]; index += step)
    if (!unread || (rows[index].unread > 0 && !rows[index].muted)) return rows[index].roomId;
  return undefined;
}

// Internal

/**
 * @param {State} state
 * @param {Room} room
 * @returns {RoomRow}
 */
function rowOf(state, room) {
  const current = state.visit?.roomId === room.roomId;
  const draft = current ? "" : (state.drafts[room.roomId] ?? "");
  const known = made.get(room);
  if (known?.round === round && known.draft === draft && known.row.current === current)
    return known.row;
  const me = state.me?.userId ?? "";
  const other = partner(room, me);
  const presence = other && presenceOf(state, other.userId);
  const status = other ? statusOf(state, other.userId) : null;
  const level = levelOf(room, state.preferences, me);
  const of = [state.people, state.pictures, state.me, current, draft, presence, level, status];
  if (known && same(of, known.of)) {
    known.round = round;
    return known.row;
  }
  const message = room.lastMessage;
  const at = message?.createdAt ?? room.createdAt;
  const row = {
    roomId: room.roomId,
    name: roomName(room, me),
    person: other?.userId,
    picture: pictureOf(state, other?.userId),
    presence,
    status,
    locked: room.visibility === "private" && Boolean(room.name),
    archived: Boolean(room.archived),
    at,
    time: Date.parse(at),
    who: message && !other ? personName(state, room.roomId, message.userId, message) : "",
    mine: message?.userId === me,
    snippet: message?.deletedAt ? null : snippet(message?.content ?? ""),
    empty: !message,
    draft: snippet(draft),
    unread: room.unreadCount ?? 0,
    mentions: room.mentionCount ?? 0,
    muted: level === "nothing",
    quiet: level === "mentions",
    favourite: Boolean(room.favourite),
    current,
  };
  made.set(room, { of, row, round, draft });
  return row;
}

/** Faster than localeCompare. @param {string} a @param {string} b */
function compare(a, b) {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
