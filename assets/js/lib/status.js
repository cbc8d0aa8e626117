/** What people say about themselves for a time. A status that has ended is none. */

/** @import {Status} from "../types-own.js" */

/** Choices of when a status ends; `half`: in half an hour. */
export const ENDS = ["never", "half", "hour", "today", "week"];

const MINUTE_MS = 60_000;
const DAYS = 7;

/**
 * When a status set now ends; null: when it is removed. A day ends at midnight here, a week in the
 * night to Monday.
 *
 * @param {string} choice one of ENDS
 * @param {Date} [now]
 */
export function endOf(choice, now = new Date()) {
  if (choice === "half") return new Date(now.getTime() + 30 * MINUTE_MS).toISOString();
  if (choice === "hour") return new Date(now.getTime() + 60 * MINUTE_MS).toISOString();
  if (choice !== "today" && choice !== "week") return null;
  const days = choice === "today" ? 1 : DAYS - ((now.getDay() + DAYS - 1) % DAYS);
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days).toISOString();
}

/**
 * The status, if it lasts.
 *
 * @param {Status|null|undefined} status
 * @param {number} [now]
 */
export function lasting(status, now = Date.now()) {
  return status && (!status.until || Date.parse(status.until) > now) ? status : null;
}

/** How it is shown. @param {Status} status */
export function statusText({ emoji, text }) {
  return [emoji, text].filter(Boolean).join(" ");
}
