/**
 * The browser's notifications: asked for by a button only, and switched off again here. Fetched
 * where they are on.
 */
import { noticeOf } from "../state/notice.js";
import { t } from "./i18n.js";

/** @import {Event, State} from "../types.js" */

const KEY = "notify";
/**
 * By room: the newest takes the place of the one before, and goes when the room is read.
 * @type {Map<string, Notification>}
 */
const shown = new Map();

/** @returns {"on"|"off"|"denied"|"none"} none: this browser has no notifications */
export function notifying() {
  if (typeof Notification === "undefined") return "none";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && localStorage.getItem(KEY) === "on" ? "on" : "off";
}

/** Must be called from a click. */
export async function allowNotices() {
  if ((await Notification.requestPermission()) === "granted") localStorage.setItem(KEY, "on");
}

export function stopNotices() {
  localStorage.removeItem(KEY);
}

/**
 * @param {State} state when the frame came
 * @param {Event} frame
 * @param {boolean} away the reader looked at something else
 */
export function notify(state, frame, away) {
  const found = noticeOf(state, frame, away);
  if (!found || notifying() !== "on") return;
  const { roomId, messageId, title, author, text } = found;
  try {
    const notice = new Notification(title, {
      body: t("rooms.snippet", { name: author, text }),
      tag: roomId,
      icon: "favicon.svg",
    });
    notice.onclick = () => {
      focus();
      location.hash = `#/${roomId}/${messageId}`;
      notice.close();
    };
    shown.set(roomId, notice);
  } catch {
    // Some phones know the permission but let only a service worker notify.
  }
}

/** @param {string} roomId */
export function noticed(roomId) {
  shown.get(roomId)?.close();
  shown.delete(roomId);
}
