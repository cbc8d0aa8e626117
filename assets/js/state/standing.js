/** How a message stands to the one before it: on another day, under the same name. Pure. */
import { dayKey } from "../lib/time.js";

/** @import {Message} from "../types.js" */

/** Messages of one author closer than this stand under one name. */
const GROUP_MS = 5 * 60_000;

/** How a message stands to the one before it. @type {WeakMap<Message, {to: Message|undefined, newDay: boolean, groups: boolean}>} */
const standing = new WeakMap();

/**
 * Neither changes, so that times are compared once.
 * @param {Message} message
 * @param {Message|undefined} previous
 */
export function standingOf(message, previous) {
  let found = standing.get(message);
  if (!found || found.to !== previous) {
    const newDay = isNewDay(previous, message);
    found = { to: previous, newDay, groups: grouped(previous, message) };
    standing.set(message, found);
  }
  return found;
}

/**
 * @param {{createdAt: string}|undefined} previous
 * @param {{createdAt: string}} message
 */
export function isNewDay(previous, message) {
  return !previous || dayKey(previous.createdAt) !== dayKey(message.createdAt);
}

/**
 * @param {{userId: string, createdAt: string}|undefined} previous
 * @param {{userId: string, createdAt: string}} message
 */
export function grouped(previous, message) {
  return (
    previous?.userId === message.userId &&
    Date.parse(message.createdAt) - Date.parse(previous.createdAt) < GROUP_MS
  );
}
