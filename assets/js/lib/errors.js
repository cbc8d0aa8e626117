/** What a failure is called. */
import { ApiError } from "./api-error.js";
import { has, t } from "./i18n.js";

/**
 * @param {unknown} error
 * @returns {string} in the reader's language when there are words for it
 */
export function errorText(error) {
  if (!(error instanceof ApiError))
    return error instanceof Error && !(error instanceof TypeError)
      ? error.message
      : t("error.internal");
  return error.code !== "invalid_request" && has(`error.${error.code}`)
    ? t(`error.${error.code}`)
    : error.message;
}
