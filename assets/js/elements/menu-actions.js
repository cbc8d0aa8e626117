/**
 * The menus of a message and of a room, and what they do: copying, pinning, settings of the room.
 * Loaded with the first action that opens a dialog.
 */
import { copyText } from "../lib/clipboard.js";
import { emit } from "../lib/dom.js";
import { ApiError } from "../lib/errors.js";
import { t } from "../lib/i18n.js";
import { partner, roomName } from "../lib/names.js";
import { mayConfigure, mayDeleteRoom, mayManage } from "../lib/permissions.js";
import "../lib/more-icons.js";
import { actionsOf, textOf } from "./message-actions.js";
import { savedOf } from "./saved-ids.js";
import { editRoom } from "./room-edit.js";

/** @import {Room} from "../types.js" */
/** @import {RoomSettings} from "../types-own.js" */
/** @import {MessageRow} from "../state/rows.js" */
/** @import {ChatApp} from "./chat-app.js" */
/** @import {DialogActions} from "./dialog-actions.js" */
/** @import {MenuItem} from "./row-menu.js" */

/** As many as the server keeps in a room. */
const PINS_MOST = 100;

/** @param {ChatApp} app @returns {DialogActions} */
export function menuActions(app) {
  return { ...messageActions(app), ...roomActions(app) };
}

// Internal

/** @param {ChatApp} app @returns {DialogActions} */
function messageActions(app) {
  const { chat } = app;
  const copy = async (/** @type {string} */ text, /** @type {string} */ done) => {
    const copied = await copyText(text);
    app.showToast(t(copied ? done : "message.notCopied"), copied);
  };
  const pin = async (/** @type {string} */ id, /** @type {string} */ messageId, on = true) => {
    try {
      await chat.client.pin(id, messageId, on);
    } catch (error) {
      const isFull = error instanceof ApiError && error.field === "messageId";
      throw isFull ? new Error(t("pins.tooMany", { n: PINS_MOST })) : error;
    }
    await chat.facts.pins(id);
  };
  return {
    // Without a place it is the sheet of a touch screen.
    "message-menu": async ({ row, at, message }) => {
      const saved = await savedOf(app);
      if (!at) return (await app.dialog("action-sheet")).open(row, saved, message);
      const menu = await menuBeside(app, at);
      menu.open(at, t("message.actions"), messageItems(app, { row, at, message }, saved), message);
    },
    "message-copy": (row) => copy(textOf(row), "message.textCopied"),
    "message-link": ({ messageId }, id) =>
      copy(new URL(`#/${id}/${messageId}`, location.href).href, "message.linkCopied"),
    "message-pin": ({ messageId }, id) => pin(id, messageId),
    "message-unpin": ({ messageId }, id) => pin(id, messageId, false),
  };
}

/** In the landmark of what opens it. @param {ChatApp} app @param {Element} at */
async function menuBeside(app, at) {
  const menu = await app.dialog("row-menu");
  at.closest("main, room-details, thread-panel")?.append(menu);
  return menu;
}

/**
 * @param {ChatApp} app
 * @param {{row: MessageRow, at: HTMLElement, message: HTMLElement}} what
 * @param {Set<string>|null} saved
 * @returns {MenuItem[]}
 */
function messageItems(app, { row, at, message }, saved) {
  const react = {
    name: "message-react",
    picture: "react",
    label: t("reaction.add"),
    does: () => emit(app, "message-react", { row, at }),
  };
  const others = actionsOf(row, saved).map(({ type, danger, ...action }) => ({
    ...action,
    danger,
    name: type,
    apart: danger,
    // From the message: what contains it may answer differently.
    does: () => emit(message.isConnected ? message : app, type, row),
  }));
  return row.mayReact ? [react, ...others] : others;
}

/** @param {ChatApp} app @returns {DialogActions} */
function roomActions(app) {
  const { chat } = app;
  const { store } = chat;
  const change = async (/** @type {string} */ id, /** @type {RoomSettings} */ settings) => {
    store.dispatch({ type: "room_loaded", room: await chat.client.changeRoom(id, settings) });
  };
  return {
    "room-menu": async (at, id) =>
      (await menuBeside(app, at)).open(at, t("details.actions"), roomItems(app, id)),
    "room-rename": async (focus, id) => {
      const host = await app.dialog("room-dialog");
      editRoom(host, store.state.rooms[id], focus, async ({ name, ...settings }) => {
        if (name !== undefined) await chat.renameRoom(id, name);
        if (Object.keys(settings).length > 0) await change(id, settings);
      });
    },
    "room-change": (settings, id) => change(id, settings),
    // Asked first: what was readable for a moment, or not, cannot be taken back.
    "room-ask": async ({ question, settings }, id) => {
      const room = roomName(store.state.rooms[id], store.state.me?.userId ?? "");
      (await app.dialog("room-dialog")).confirm(
        {
          title: t(`ask.${question}`),
          text: t(`ask.${question}Text`, { room }),
          action: t(`ask.${question}Action`),
          danger: false,
        },
        () => change(id, settings),
      );
    },
  };
}

/** @param {ChatApp} app @param {string} id @returns {MenuItem[]} */
function roomItems(app, id) {
  const { rooms, me } = app.chat.store.state;
  const room = rooms[id];
  const user = /** @type {import("../types.js").User} */ (me);
  const direct = Boolean(partner(room, user.userId));
  const edit = {
    name: "rename",
    picture: "edit",
    label: t(direct ? "details.editDirect" : "details.edit"),
    does: () => emit(app, "room-rename"),
  };
  const leave = {
    name: "leave",
    picture: "signOut",
    label: t(direct ? "details.leaveDirect" : "details.leave"),
    apart: true,
    does: () => emit(app, "room-leave"),
  };
  const remove = {
    name: "delete-room",
    picture: "trash",
    label: t(direct ? "details.deleteDirect" : "details.delete"),
    danger: true,
    does: () => emit(app, "room-delete"),
  };
  return [
    ...(mayManage(room, user) ? [edit] : []),
    ...(mayConfigure(room, user) ? settingItems(app, room, direct) : []),
    leave,
    ...(mayDeleteRoom(room, user) ? [remove] : []),
  ];
}

/** Of an archived room nothing else can be changed. @param {ChatApp} app @param {Room} room @param {boolean} direct */
function settingItems(app, room, direct) {
  const change = (/** @type {RoomSettings} */ settings) => () => emit(app, "room-change", settings);
  const ask = (/** @type {string} */ question, /** @type {RoomSettings} */ settings) => () =>
    emit(app, "room-ask", { question, settings });
  if (room.archived) {
    const does = change({ archived: false });
    return [{ name: "restore", picture: "archive", label: t("composer.restore"), does }];
  }
  if (direct) return [];
  const isPublic = room.visibility === "public";
  const to = isPublic ? "private" : "public";
  /** @type {MenuItem[]} */
  const items = [
    {
      name: "read-only",
      picture: "say",
      label: t("details.onlyAdmins"),
      checked: Boolean(room.readOnly),
      does: change({ readOnly: !room.readOnly }),
    },
  ];
  // The directory lists names.
  if (isPublic || room.name)
    items.push({
      name: "visibility",
      picture: isPublic ? "lock" : "globe",
      label: t(`ask.${to}Action`),
      does: ask(to, { visibility: to }),
    });
  items.push({
    name: "archive",
    picture: "archive",
    label: t("ask.archiveAction"),
    does: ask("archive", { archived: true }),
  });
  return items;
}
