/** A public room that I am not in, found by its address. Emits `room-join`. */
import { emit, h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { emptyState } from "./empty-state.js";

/** @import {Room} from "../types.js" */

/** @param {Room} room */
export function roomPreview({ roomId, name, userCount }) {
  return emptyState({
    picture: "room",
    title: name ?? roomId,
    text: t("room.notIn", { n: userCount }),
    actions: [
      h(
        "button",
        {
          class: "button primary join",
          type: "button",
          onclick: (/** @type {Event} */ event) =>
            emit(/** @type {Element} */ (event.currentTarget), "room-join", roomId),
        },
        t("room.join"),
      ),
      h("a", { class: "button", href: "#/rooms" }, t("header.back")),
    ],
  });
}
