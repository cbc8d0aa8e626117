/**
 * Enters the conversations of two in which something happened last, so that each of the two sees
 * that the other is online. Presence is told of rooms that are entered only.
 */
import { partner } from "../lib/names.js";

/** @import {State} from "../types.js" */

const MOST = 5;
/** After everything that the page needs itself, and not at the moment at which all others do. */
const LATER_MS = 1000;

/**
 * @param {() => State} stateOf
 * @param {(roomId: string) => void} enter
 */
export function keepCompany(stateOf, enter) {
  setTimeout(
    () => {
      const { rooms, visit, connection, me } = stateOf();
      if (connection.state !== "online" || !me) return;
      const time = (/** @type {string} */ id) =>
        Date.parse(rooms[id].lastMessage?.createdAt ?? rooms[id].createdAt);
      Object.keys(rooms)
        .filter((id) => partner(rooms[id], me.userId))
        .sort((a, b) => time(b) - time(a))
        .slice(0, MOST)
        .filter((id) => id !== visit?.roomId)
        .forEach(enter);
    },
    LATER_MS * (1 + Math.random()),
  );
}
