/**
 * Who is online: whoever is in any of my rooms, as far as it is told. Nothing is known without a
 * connection. Pure.
 */

/** @import {State} from "../types.js" */

/** Everybody in a record of rooms. @type {WeakMap<State["online"], Set<string>>} */
const made = new WeakMap();

/**
 * @param {State} state
 * @param {string} userId
 * @returns {"here"|"offline"|undefined} undefined: not known
 */
export function presenceOf(state, userId) {
  if (state.connection.state !== "online") return undefined;
  return userId === state.me?.userId || onlineIn(state).has(userId) ? "here" : "offline";
}

/** @param {State} state @returns {Set<string>} the same object until somebody comes or goes */
export function onlineIn({ online }) {
  let all = made.get(online);
  if (!all) made.set(online, (all = new Set(Object.values(online).flat())));
  return all;
}
