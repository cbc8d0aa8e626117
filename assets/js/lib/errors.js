/** Failed requests and their texts. */
import { has, t } from "./i18n.js";

export class ApiError extends Error {
  /**
   * @param {number} status 0 when the server was not reached
   * @param {string} code
   * @param {string} message
   * @param {string} [field] the field of the request that was refused
   */
  constructor(status, code, message, field) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/** What administrators may be told by the server, which says it in English. @type {Record<string, string>} */
const SAID = {
  "name is disabled; enable the account first": "error.accountDisabled",
  "name belongs to a user who has 100 tokens": "error.tooManyTokens",
};

/**
 * @param {unknown} error
 * @returns {string} in the reader's language when there are words for it
 */
export function errorText(error) {
  if (!(error instanceof ApiError))
    return error instanceof Error && !(error instanceof TypeError)
      ? error.message
      : t("error.internal");
  if (SAID[error.message]) return t(SAID[error.message]);
  return error.code !== "invalid_request" && has(`error.${error.code}`)
    ? t(`error.${error.code}`)
    : error.message;
}
