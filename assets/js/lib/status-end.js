/** When a status ends that is set now. Pure. */

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
