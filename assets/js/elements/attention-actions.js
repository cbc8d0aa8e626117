/**
 * The menu of a row in the list of rooms, and what I choose for myself: levels of notifications,
 * favourites, messages saved for later or marked as unread. Loaded with the first action that opens
 * a dialog.
 */
import { emit } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { roomName } from "../lib/names.js";
import "../lib/more-icons.js";

/** @import {Level} from "../types-own.js" */
/** @import {ChatApp} from "./chat-app.js" */
/** @import {DialogActions} from "./dialog-actions.js" */
/** @import {MenuItem} from "./row-menu.js" */

/** @type {Level[]} */
const LEVELS = ["all", "mentions", "nothing"];

/** @param {ChatApp} app @returns {DialogActions} */
export function attentionActions(app) {
  const { chat } = app;
  const own = async (/** @type {string} */ roomId, /** @type {object} */ change) => {
    const settings = await chat.client.changeOwnSettings(roomId, change);
    chat.store.dispatch({ type: "room_own", own: settings });
  };
  const keep = async (/** @type {any} */ { messageId }, /** @type {string} */ id, on = true) => {
    await chat.client.saveMessage(id, messageId, on);
    chat.store.dispatch({
      type: on ? "message_saved" : "message_unsaved",
      room_id: id,
      message_id: messageId,
    });
    app.showToast(t(on ? "saved.added" : "saved.removed"), true);
  };
  return {
    "room-options": async ({ roomId, at }) => {
      const { rooms, me } = chat.store.state;
      if (!rooms[roomId]) return;
      const label = roomName(rooms[roomId], me?.userId ?? "") || t("rooms.alone");
      (await app.dialog("row-menu")).open(at, label, roomItems(app, roomId));
    },
    "room-notify": ({ roomId, notify }, id) =>
      own(roomId ?? id, { notify: notify === "default" ? null : notify }),
    "room-favourite": ({ roomId, favourite }, id) => own(roomId ?? id, { favourite }),
    "room-read": (roomId) => chat.live.readRoom(roomId),
    "message-keep": (row, id) => keep(row, id),
    "message-unkeep": ({ messageId, roomId }, id) => keep({ messageId }, roomId ?? id, false),
    "message-unread": async ({ messageId }, id) => {
      await chat.live.unread(id, messageId);
      app.showToast(t("message.markedUnread"), true);
    },
  };
}

// Internal

/** @param {ChatApp} app @param {string} roomId @returns {MenuItem[]} */
function roomItems(app, roomId) {
  const room = app.chat.store.state.rooms[roomId];
  const favourite = Boolean(room.favourite);
  const level = (/** @type {Level|"default"} */ notify, /** @type {string} */ label) => ({
    name: `notify-${notify}`,
    label,
    checked: (room.notify ?? "default") === notify,
    does: () => emit(app, "room-notify", { roomId, notify }),
  });
  const read = {
    name: "read",
    picture: "check",
    label: t("confirm.readAllAction"),
    does: () => emit(app, "room-read", roomId),
  };
  return [
    {
      name: "favourite",
      picture: "star",
      label: t(favourite ? "options.unfavourite" : "options.favourite"),
      does: () => emit(app, "room-favourite", { roomId, favourite: !favourite }),
    },
    ...(room.unreadCount && room.lastMessage ? [read] : []),
    { ...level("default", t("level.default")), apart: true },
    ...LEVELS.map((name) => level(name, t(`level.${name}`))),
  ];
}
