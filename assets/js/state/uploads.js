/** The uploads of the next message: waiting, sending, done, failed. Pure. */

/** @import {Media} from "../types.js" */

/** Limit of the server for one message. */
export const MOST_FILES = 10;
/** Parallel uploads; the rest of the page needs connections too. */
const AT_ONCE = 2;

/**
 * @typedef
 *   {"tooMany"|"tooLarge"|"empty"|"invalidName"|"unreadable"|"refused"|"busy"|"noSpace"|"interrupted"|"failed"}
 *   Reason
 */

/** Failures for which a retry can help. @type {(Reason|undefined)[]} */
const PASSING = ["busy", "noSpace", "interrupted", "failed"];

/** Why a file is refused, by the field of the request. @type {Record<string, Reason>} */
const REFUSED = { body: "empty", fileName: "invalidName" };

/**
 * @typedef {object} Upload
 * @property {string} key
 * @property {string} name
 * @property {boolean} picture
 * @property {number} part how much is there, 0 to 1
 * @property {"waiting"|"sending"|"done"|"failed"} state
 * @property {Reason} [reason] why it failed
 * @property {Media} [media] once it is done
 */

/**
 * Adds files. Those above the limit fail at once, with a reason.
 * @param {Upload[]} list
 * @param {{key: string, name: string, type: string}[]} files
 * @returns {Upload[]}
 */
export function withFiles(list, files) {
  let room = MOST_FILES - list.filter((upload) => upload.state !== "failed").length;
  return [
    ...list,
    ...files.map(({ key, name, type }) => {
      room -= 1;
      return /** @type {Upload} */ ({
        key,
        name,
        picture: type.startsWith("image/"),
        part: 0,
        ...(room >= 0 ? { state: "waiting" } : { state: "failed", reason: "tooMany" }),
      });
    }),
  ];
}

/**
 * @param {Upload[]} list
 * @param {string} key
 * @param {Partial<Upload>} change
 * @returns {Upload[]}
 */
export function withChange(list, key, change) {
  return list.map((upload) => (upload.key === key ? { ...upload, ...change } : upload));
}

/**
 * What may be sent now.
 * @param {Upload[]} list
 * @returns {Upload[]}
 */
export function next(list) {
  const free = AT_ONCE - list.filter((upload) => upload.state === "sending").length;
  return list.filter((upload) => upload.state === "waiting").slice(0, Math.max(0, free));
}

/**
 * @param {Upload[]} list
 * @returns {boolean}
 */
export function isBusy(list) {
  return list.some((upload) => upload.state === "waiting" || upload.state === "sending");
}

/**
 * @param {Upload[]} list
 * @returns {Media[]} in the order in which they were chosen
 */
export function uploaded(list) {
  return list.flatMap((upload) => (upload.media ? [upload.media] : []));
}

/**
 * Can a retry help?
 * @param {Upload} upload
 */
export function mayRetry({ state, reason }) {
  return state === "failed" && PASSING.includes(reason);
}

/**
 * What an answer of the server, or none, means for a file.
 * @param {{status?: number, code?: string, field?: string}} error
 * @returns {Reason}
 */
export function reasonOf({ status, code, field }) {
  if (code === "unreadable") return "unreadable";
  switch (status) {
    case 0:
      return "interrupted";
    case 400:
      return REFUSED[field ?? ""] ?? "refused";
    case 403:
    case 415:
      return "refused";
    case 413:
      return "tooLarge";
    case 429:
      return "busy";
    case 503:
    case 507:
      return "noSpace";
    default:
      return "failed";
  }
}
