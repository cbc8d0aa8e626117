/** The dialog that sets how long the messages of a room are kept. */
import { field, openDialog } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { choice } from "./token-choice.js";

/** @import {Data} from "./server-page.js" */
/** @import {Room} from "./server-rooms.js" */

/** Days, "0" for ever, "" as the server says. */
const DAYS = ["", "0", "7", "30", "90", "180", "365", "730"];

/**
 * @param {Data|undefined} data
 * @param {Room} room
 * @param {string} name
 * @param {(changed: Partial<Room>) => unknown} changed
 */
export async function keepMessages(data, room, name, changed) {
  const host = await data?.host();
  if (!host) return;
  const now = String(room.retention_days ?? "");
  const values = DAYS.includes(now) ? DAYS : [...DAYS, now];
  const days = choice("keep-days", values, label);
  days.value = now;
  const pinned = h("input", { type: "checkbox", checked: room.keep_pinned ?? true });
  openDialog({
    host,
    title: t("server.keepTitle", { room: name }),
    action: t("action.save"),
    content: [
      field(t("server.keepFor"), days, t("server.keepHint")),
      h(
        "div",
        { class: "choices" },
        h("label", null, pinned, h("span", null, t("server.keepPinned"))),
      ),
    ],
    submit: async () => {
      const [card] =
        (await data?.command({ "room.retention": { room: room.room, ...chosen(days, pinned) } })) ??
        [];
      changed(card);
    },
  });
  days.focus();
}

// Internal

/** @param {HTMLSelectElement} days @param {HTMLInputElement} pinned */
function chosen(days, pinned) {
  if (days.value === "") return { retention: "default" };
  return {
    retention: days.value === "0" ? "forever" : days.value,
    keep_pinned: pinned.checked,
  };
}

/** @param {string} days */
function label(days) {
  if (days === "") return t("server.keepAs");
  return days === "0" ? t("server.keepForever") : t("server.days", { n: Number(days) });
}
