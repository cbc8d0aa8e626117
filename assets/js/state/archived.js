/** Archived rooms in the list of rooms: left out until somebody wants to see them. Pure. */

/** @import {RoomRow} from "./room-rows.js" */

/** What a list was divided into. @type {WeakMap<RoomRow[], {rows: RoomRow[], archived: RoomRow[]}>} */
const made = new WeakMap();

/**
 * The open room, and one in which something is unread, stay where they are.
 * @param {RoomRow[]} all
 * @returns {{rows: RoomRow[], archived: RoomRow[]}} the same object for the same list
 */
export function divided(all) {
  let parts = made.get(all);
  if (!parts) {
    const isAway = (/** @type {RoomRow} */ row) => row.archived && !row.current && !row.unread;
    parts = { rows: all.filter((row) => !isAway(row)), archived: all.filter(isAway) };
    made.set(all, parts);
  }
  return parts;
}
