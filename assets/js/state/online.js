/**
 * Who is online, away or offline: as the server tells of those whom the page shows
 * (state/watching.js); of others, whoever is in one of my rooms is online. Nothing is known without
 * a connection. Pure.
 */

/** @import {State} from "../types.js" */
/** @import {Presence} from "../types-own.js" */

/** What is said of each. @type {Record<Presence, string>} */
export const PRESENCE = {
  here: "presence.online",
  away: "presence.away",
  offline: "presence.offline",
};

/** Everybody in a record of rooms. @type {WeakMap<State["online"], Set<string>>} */
const made = new WeakMap();

/**
 * @param {State} state
 * @param {string} userId
 * @returns {Presence|undefined} undefined: not known
 */
export function presenceOf(state, userId) {
  if (state.connection.state !== "online") return undefined;
  const told = state.presence?.[userId];
  if (told) return told;
  if (userId === state.me?.userId || onlineIn(state).has(userId)) return "here";
  return state.presence ? "offline" : undefined;
}

// Internal

/** @param {State} state @returns {Set<string>} the same object until somebody comes or goes */
function onlineIn({ online }) {
  let all = made.get(online);
  if (!all) made.set(online, (all = new Set(Object.values(online).flat())));
  return all;
}
