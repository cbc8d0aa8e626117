/** The title of the page, which the browser shows on its tab and keeps in its history. */
import { t } from "./i18n.js";

/**
 * @param {string} heading of what is shown, "" for the start page
 * @param {string|undefined} server its name
 * @param {number} [unread]
 */
export function setTitle(heading, server, unread = 0) {
  const name = [heading, server || t("product")].filter(Boolean).join(" — ");
  const title = unread ? `(${unread}) ${name}` : name;
  if (document.title !== title) document.title = title;
}
