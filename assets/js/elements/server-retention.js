/** The dialog that sets how long the messages of a room are kept. */
import { field, openDialog } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { join, t } from "../lib/i18n.js";
import { ask } from "./server-question.js";
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
  if (!data) return;
  const host = await data.host();
  const { retentionDays: kept = 0, keepPinned = true } = data.facts();
  const now = String(room.retention_days ?? "");
  const values = DAYS.includes(now) ? DAYS : [...DAYS, now];
  const days = choice("keep-days", values, (value) => label(value, kept));
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
      const wanted = chosen(days, pinned);
      const save = async () => {
        const [card] = await data.command({ "room.retention": { room: room.room, ...wanted } });
        changed(card);
      };
      const left = daysOf(days.value, kept);
      if (left >= daysOf(now, kept)) return save();
      // Shown in the place of this dialog.
      await ask(data, shorter(left, days.value ? pinned.checked : keepPinned, name), save);
      return false;
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

/** For how long messages are kept. @param {string} chosen @param {number} server */
function daysOf(chosen, server) {
  return Number(chosen === "" ? server : chosen) || Infinity;
}

/** What is asked before messages are lost. @param {number} n @param {boolean} pinned @param {string} room */
function shorter(n, pinned, room) {
  return {
    title: t("server.keepAskTitle", { room }),
    text: join(
      t("server.keepAskText", { n }),
      t(pinned ? "details.keptPinned" : "server.keepAskUnpinned"),
    ),
    action: t("server.keepAskAction"),
  };
}

/** @param {string} days @param {number} server @returns {string} */
function label(days, server) {
  if (days === "") return t("server.keepAs", { value: label(String(server), server) });
  return days === "0" ? t("server.keepForever") : t("server.days", { n: Number(days) });
}
