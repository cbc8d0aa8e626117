/** How long to wait before the next connection. Pure: chance is passed in. */

const FIRST_MS = 500;
const MOST_MS = 30_000;
const RESTART_SPREAD_MS = 10_000;

/** Jitter spreads the reconnects of all clients after a restart of the server. */
export const GOING_AWAY = 1001;
/** The queue of this connection was full: come back at once and resume. */
export const TRY_AGAIN_LATER = 1013;
/** The session is over, or its token has expired. */
export const SESSION_OVER = 4401;

/**
 * @param {number} attempt tries since the last connection that worked, from 0
 * @param {number} code of the close that came before
 * @param {number} chance 0 to 1
 * @returns {number} milliseconds
 */
export function retryDelay(attempt, code, chance) {
  if (attempt === 0 && code === GOING_AWAY) return Math.round(chance * RESTART_SPREAD_MS);
  if (attempt === 0 && code === TRY_AGAIN_LATER) return 0;
  const most = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(most * (0.5 + chance / 2));
}
