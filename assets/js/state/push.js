/**
 * Push notifications of this device: the browser's subscription and that of the server. Loaded only
 * where they are on, and with the settings.
 */
import { loadLazyTexts, t } from "../lib/i18n.js";
import { addressOf } from "../lib/look.js";
import { isRead, totalUnread } from "./select.js";

/** @import {Chat} from "./chat.js" */
/** @import {State} from "../types.js" */
/** @import {PushState} from "../types-own.js" */

/** @typedef {(method: string, path: string, body?: object) => Promise<any>} Ask */

/** Of whom this device has push notifications. */
const KEY = "push";
const PATH = "api/users/me/push";

let followed = false;

/**
 * denied: the browser blocks notifications; insecure: it has none for a page without https; none:
 * nor for any other.
 * @returns {Promise<"on"|"off"|"denied"|"insecure"|"none">}
 */
export async function pushPermission() {
  if (globalThis.isSecureContext === false) return "insecure";
  if (!(await registered())) return "none";
  if (Notification.permission === "denied") return "denied";
  return localStorage.getItem(KEY) && Notification.permission === "granted" ? "on" : "off";
}

/** @param {Ask} ask @returns {Promise<PushState>} */
export const pushState = (ask) => ask("GET", PATH);

/**
 * Must be called from a click: the browser asks for permission.
 * @param {Ask} ask
 * @param {string} me
 * @param {string} key public key of the server
 * @param {{all: boolean, text: boolean}} chosen
 * @returns {Promise<boolean>} false: not permitted
 */
export async function startPush(ask, me, key, chosen) {
  if ((await Notification.requestPermission()) !== "granted") return false;
  const registration = await registered();
  if (!registration) return false;
  // One of somebody else in this browser, or with another key.
  await (await registration.pushManager.getSubscription())?.unsubscribe();
  const options = { userVisibleOnly: true, applicationServerKey: key };
  const made = await registration.pushManager.subscribe(options);
  try {
    await ask("PUT", PATH, { ...made.toJSON(), ...chosen });
  } catch (error) {
    await made.unsubscribe();
    throw error;
  }
  localStorage.setItem(KEY, me);
  await keepTexts();
  return true;
}

/** @param {Ask} ask @param {{all: boolean, text: boolean}} chosen */
export async function changePush(ask, chosen) {
  const made = await (await registered())?.pushManager.getSubscription();
  if (made) await ask("PUT", PATH, { ...made.toJSON(), ...chosen });
}

/** @param {Ask} [ask] without it, the server has ended its subscription already */
export async function stopPush(ask) {
  localStorage.removeItem(KEY);
  if (ask) await ask("DELETE", PATH);
  const registration = await registered();
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
  await caches.delete("push");
  await navigator.clearAppBadge?.();
  for (const shown of (await registration?.getNotifications()) ?? []) shown.close();
}

/**
 * While the page is open: sees that both subscriptions still agree, opens messages whose
 * notifications are clicked, and closes notifications of what was read, here or elsewhere.
 * @param {Chat} chat the same all the time
 */
export async function followPush(chat) {
  if (!followed) {
    followed = true;
    navigator.serviceWorker.addEventListener("message", ({ data }) => {
      if (data?.type === "push-open") location.hash = data.hash;
    });
    let last = "";
    const changed = () => {
      const { state } = chat.store;
      if (!localStorage.getItem(KEY)) return;
      // The server ends its subscription with the session.
      if (!state.me) return void stopPush().catch(() => undefined);
      if (!state.ready) return;
      const now = heardRooms(state);
      if (now !== last) closeRead(state).catch(() => undefined);
      last = now;
    };
    chat.store.addEventListener("change", changed);
    changed();
  }
  await keepTexts();
  const me = chat.store.state.me?.userId ?? "";
  if (localStorage.getItem(KEY) === me) await agree(chat.client.ask, me);
  else await stopPush();
}

// Internal

/** @returns {Promise<ServiceWorkerRegistration|undefined>} undefined: no push notifications here */
async function registered() {
  if (typeof Notification === "undefined" || typeof PushManager === "undefined") return undefined;
  return navigator.serviceWorker?.getRegistration();
}

/** Changes with every message, and with what is read. @param {State} state */
function heardRooms({ rooms }) {
  const all = Object.values(rooms);
  const unread = all.filter(({ unreadCount }) => unreadCount);
  const heard = all.reduce((sum, { lastSeq }) => sum + lastSeq, 0);
  return [heard, ...unread.map(({ roomId, unreadCount }) => `${roomId} ${unreadCount}`)].join();
}

/** @param {State} state */
async function closeRead(state) {
  for (const shown of (await (await registered())?.getNotifications()) ?? [])
    if (isRead(state, shown)) shown.close();
  await navigator.setAppBadge?.(totalUnread(state));
}

/**
 * The server forgets a subscription that its push service does not know any more, and the browser
 * may have replaced its own. Whoever signs in again, on a device that was not signed out, has them
 * again.
 * @param {Ask} ask
 * @param {string} me
 */
async function agree(ask, me) {
  const registration = await registered();
  if (!registration || Notification.permission !== "granted") return;
  const { key, subscription } = await pushState(ask);
  if (!key) return;
  const chosen = { all: subscription?.all ?? false, text: subscription?.text ?? true };
  const made = await registration.pushManager.getSubscription();
  if (!made || !subscription) await startPush(ask, me, key, chosen);
  else if (made.endpoint !== subscription.endpoint) await changePush(ask, chosen);
}

/** The service worker has no texts of its own. */
async function keepTexts() {
  await loadLazyTexts();
  const own = document.documentElement.dataset.icon;
  const texts = {
    name: t("product"),
    hidden: t("push.hidden"),
    snippet: t("rooms.snippet"),
    ...(own && { icon: new URL(addressOf(own, 192), document.baseURI).href }),
  };
  const kept = new Response(JSON.stringify(texts));
  await (await caches.open("push")).put("texts", kept);
}
