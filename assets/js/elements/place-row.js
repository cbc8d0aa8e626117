/** What a room or a person looks like among those that were found. */
import { h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { langOf } from "../lib/text.js";
import { PRESENCE } from "../state/online.js";
import { avatar } from "./user-avatar.js";

/** @import {Found} from "../state/places.js" */

/**
 * @param {Found} place
 * @returns {HTMLElement[]} face, name, and what else there is to say
 */
export function placeParts({ kind, id, name, person, picture, presence, locked, unread, parts }) {
  const title = name || t("rooms.alone");
  const face = person
    ? { id: person, name: title, picture, presence, size: /** @type {const} */ ("m") }
    : { id, name: title, kind: /** @type {const} */ ("room"), size: /** @type {const} */ ("m") };
  const marked = parts.map(({ text, hit }) => (hit ? h("mark", null, text) : text));
  return [
    avatar(face),
    h(
      "span",
      { class: "name" },
      h("span", { class: "truncate", lang: langOf(title) || null }, name ? marked : title),
      locked && icon("lock", "small"),
      person && h("span", { class: "meta truncate" }, `@${person}`),
      presence && h("span", { class: "visually-hidden" }, t(PRESENCE[presence])),
      kind === "public" && h("span", { class: "meta" }, t("places.public")),
    ),
    h(
      "span",
      { class: "badges" },
      unread > 0 &&
        h(
          "span",
          { class: "badge", role: "img", "aria-label": t("rooms.unread", { n: unread }) },
          unread > 999 ? "999+" : unread,
        ),
    ),
  ];
}
