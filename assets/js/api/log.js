/** Reads the log of the server along: lines from now on, as they are written. */
import { ApiError } from "../lib/errors.js";

/**
 * @typedef {{time: string, level: string, user?: string|null, room?: string|null, message: string}}
 *   LogLine
 */

/**
 * Ends when the server ends it or `signal` does.
 * @param {string} level the least important that is wanted
 * @param {(lines: LogLine[]) => void} tell
 * @param {AbortSignal} signal
 */
export async function readLog(level, tell, signal) {
  const answer = await fetch(`api/admin/log?level=${encodeURIComponent(level)}`, {
    credentials: "same-origin",
    signal,
  });
  if (!answer.ok || !answer.body)
    throw new ApiError(
      answer.status,
      answer.status === 404 ? "forbidden" : "internal",
      answer.statusText,
    );
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    if (lines.length > 0) tell(lines.map((line) => JSON.parse(line)));
  }
}
