/** What people say about themselves for a time. A status that has ended is none. */

/** @import {Status} from "../types-own.js" */

/**
 * The status, if it lasts.
 *
 * @param {Status|null|undefined} status
 * @param {number} [now]
 */
export function lasting(status, now = Date.now()) {
  return status && (!status.until || Date.parse(status.until) > now) ? status : null;
}

/**
 * The status of a person of my rooms, if it lasts.
 *
 * @param {import("../types.js").State} state
 * @param {string|undefined} userId
 */
export function statusOf({ me, statuses }, userId = "") {
  return lasting(userId === me?.userId ? me.status : statuses[userId]);
}

/** How it is shown. @param {Status} status */
export function statusText({ emoji, text }) {
  return [emoji, text].filter(Boolean).join(" ");
}
