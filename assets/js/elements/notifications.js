/** Shows notifications of the browser. Loaded only where they are on. */
import { notificationOf } from "../state/notification.js";
import { t } from "../lib/i18n.js";
import { addressOf } from "../lib/look.js";

/** @import {ChatMessage, State} from "../types.js" */

const KEY = "notify";
/**
 * By room: the newest takes the place of the one before, and goes when the room is read.
 * @type {Map<string, Notification>}
 */
const shown = new Map();

/** @returns {"on"|"off"|"denied"|"insecure"|"none"} none: this browser has no notifications */
export function permission() {
  if (!isSecureContext) return "insecure";
  if (typeof Notification === "undefined") return "none";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && localStorage.getItem(KEY) === "on" ? "on" : "off";
}

/** Must be called from a click. */
export async function allowNotifications() {
  if ((await Notification.requestPermission()) === "granted") localStorage.setItem(KEY, "on");
}

export function stopNotifications() {
  localStorage.removeItem(KEY);
}

/**
 * @param {State} state when the frame came
 * @param {ChatMessage} frame
 * @param {boolean} away the reader looked at something else
 */
export function notify(state, frame, away) {
  const found = notificationOf(state, frame, away);
  if (!found || permission() !== "on") return;
  const { roomId, messageId, title, author, text } = found;
  const own = document.documentElement.dataset.icon;
  try {
    const notice = new Notification(title, {
      body: t("rooms.snippet", { name: author, text }),
      tag: roomId,
      icon: own ? addressOf(own, 192) : "favicon.svg",
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
export function closeNotification(roomId) {
  shown.get(roomId)?.close();
  shown.delete(roomId);
}
