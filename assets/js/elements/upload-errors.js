/** Messages for refused uploads. */
import { t } from "../lib/i18n.js";
import { MOST_FILES, reasonOf } from "../state/uploads.js";

/** @import {Reason} from "../state/uploads.js" */

/** @param {Reason} reason */
export function reasonText(reason) {
  return reason === "failed" ? t("error.internal") : t(`upload.${reason}`, { n: MOST_FILES });
}

/** @param {unknown} error what an upload has thrown */
export function uploadErrorText(error) {
  return reasonText(reasonOf(/** @type {any} */ (error)));
}
