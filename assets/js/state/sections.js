/** The sections of the list of rooms: favourites, rooms, conversations of two. Pure. */

/** @import {RoomRow} from "./room-rows.js" */

/** @typedef {"favourites"|"rooms"|"people"} SectionName */
/** @typedef {{section: SectionName, roomId: string, folded: boolean}} SectionRow */
/** @typedef {RoomRow|SectionRow} ListRow */

/** As they stand, from the top. @type {SectionName[]} */
const ORDER = ["favourites", "rooms", "people"];

/** @param {ListRow} row @returns {row is SectionRow} */
export function isSection(row) {
  return "section" in row;
}

/**
 * A list that would have one section has none. In a folded section, the open room and those in which
 * something is unread stay.
 * @param {RoomRow[]} rows in the order in which they stand within their sections
 * @param {Set<string>} folded names of sections
 * @returns {ListRow[]}
 */
export function sectioned(rows, folded) {
  const parts = ORDER.map((name) => ({
    name,
    rows: rows.filter((row) => sectionOf(row) === name),
  })).filter((part) => part.rows.length > 0);
  if (parts.length < 2) return rows;
  return parts.flatMap((part) => {
    const isFolded = folded.has(part.name);
    /** @type {SectionRow} */
    const head = { section: part.name, roomId: `section ${part.name}`, folded: isFolded };
    const stays = (/** @type {RoomRow} */ row) =>
      !isFolded || row.current || (row.unread > 0 && !row.muted);
    return [head, ...part.rows.filter(stays)];
  });
}

// Internal

/** @param {RoomRow} row @returns {SectionName} */
function sectionOf({ favourite, person }) {
  if (favourite) return "favourites";
  return person ? "people" : "rooms";
}
