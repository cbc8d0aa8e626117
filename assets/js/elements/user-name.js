/** What is wrong with names that are typed, before the server is asked. */
import { t } from "../lib/i18n.js";
import { lengthOf } from "../lib/text.js";

const LONGEST = 64;

/** @param {string} value @param {number} [most] @returns {string} "" when it is short enough */
export function tooLong(value, most = LONGEST) {
  return lengthOf(value) > most ? t("login.tooLong", { n: most }) : "";
}

/** @param {string} value @returns {string} "" when it can be a user name */
export function wrongUserName(value) {
  if (!value) return t("login.userNeeded");
  if (/[\s/\p{Cc}]/u.test(value)) return t("login.userInvalid");
  return tooLong(value);
}
