/** The browser's notifications: asked for by a button only, and switched off again here. */

const KEY = "notify";
/** By room: the newest takes the place of the one before, and goes when the room is read. @type {Map<string, Notification>} */
const shown = new Map();

/** @returns {"on"|"off"|"denied"|"none"} none: this browser has no notifications */
export function notifying() {
  if (typeof Notification === "undefined") return "none";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && localStorage.getItem(KEY) === "on" ? "on" : "off";
}

/** Must be called from a click. */
export async function allowNotices() {
  if (await Notification.requestPermission() === "granted") localStorage.setItem(KEY, "on");
}

export function stopNotices() {
  localStorage.removeItem(KEY);
}

/** The reader looks at something else than this page. */
export function isAway() {
  return document.visibilityState === "hidden" || !document.hasFocus();
}

/**
 * @param {{roomId: string, messageId: string, title: string}} notice
 * @param {string} body
 */
export function notify({ roomId, messageId, title }, body) {
  if (notifying() !== "on") return;
  try {
    const notice = new Notification(title, { body, tag: roomId, icon: "favicon.svg" });
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

/** A dot on the page's icon while something is unread. @param {boolean} unread */
export function setIcon(unread) {
  const link = document.querySelector("link[rel=icon]");
  const href = unread ? "favicon-unread.svg" : "favicon.svg";
  if (link?.getAttribute("href") !== href) link?.setAttribute("href", href);
}
