/**
 * Keeps the page and its files, so that it opens without a network, and so that an open page finds
 * the files of its version after the server was updated. The page itself is always asked for first:
 * what is kept never hides a newer version. build/join/ fills in the version and the files.
 *
 * Shows push notifications; js/elements/push.js subscribes to them and has kept their texts.
 */
const VERSION = "";
/** @type {string[]} */
const FILES = [];

/** The worker. @type {any} */
const worker = self;
const PREFIX = "files ";
const NAME = PREFIX + VERSION;
/** Versions that are kept, for pages that are still open. */
const KEPT = 3;
const PAGE = new URL("./", worker.registration.scope);
const FOLDER = new URL("assets/", PAGE).href;

async function install() {
  await worker.skipWaiting();
  if (!VERSION) return;
  const cache = await caches.open(NAME);
  const page = await fetch(PAGE, { cache: "no-cache", credentials: "same-origin" });
  const text = await page.clone().text();
  // The server was updated in between: the next worker belongs to that version.
  if (!page.ok || !text.includes(`assets/${VERSION}/`)) throw new Error("another version");
  await cache.addAll(FILES.map((name) => `${FOLDER}${VERSION}/${name}`));
  // Last: where the page is, everything is.
  await cache.put(PAGE, page);
}

async function activate() {
  const names = await versions();
  // Files are served as they are in a folder: nothing must be kept.
  if (!VERSION) {
    await Promise.all(names.map((name) => caches.delete(name)));
    return void (await worker.registration.unregister());
  }
  const others = names.filter((name) => name !== NAME);
  const old = others.slice(0, Math.max(0, others.length - KEPT + 1));
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.registration.navigationPreload?.enable();
  await worker.clients.claim();
}

/** The oldest first. */
async function versions() {
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX));
}

/** The page of the newest version that is here as a whole. */
async function keptPage() {
  for (const name of (await versions()).reverse()) {
    const found = await (await caches.open(name)).match(PAGE);
    if (found) return found;
  }
  return undefined;
}

/** @param {any} event */
async function page(event) {
  try {
    const answer = (await event.preloadResponse) ?? (await fetch(event.request));
    // A proxy whose server is away.
    return answer.status < 500 ? answer : ((await keptPage()) ?? answer);
  } catch (error) {
    const found = await keptPage();
    if (found) return found;
    throw error;
  }
}

/** @param {Request} request */
async function file(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}

/**
 * Browsers end subscriptions of those who receive something and show nothing, so that whatever
 * comes is shown; silently while the page has the focus.
 * @param {any} event
 */
async function pushed(event) {
  const texts = await pushTexts();
  const { room_id, message_id, room_name, sender, text, unread } = pushedData(event);
  const words = text ?? texts.hidden;
  const line = texts.snippet.replaceAll("{name}", () => sender);
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (Number.isInteger(unread)) await worker.navigator.setAppBadge?.(unread);
  await worker.registration.showNotification(room_name || sender || texts.name, {
    body: room_name ? line.replaceAll("{text}", () => words) : words,
    tag: room_id || "chat",
    renotify: true,
    silent: pages.some((/** @type {any} */ page) => page.focused),
    icon: texts.icon,
    badge: new URL("icons/monochrome-96.png", FOLDER).href,
    data: { hash: room_id ? `#/${room_id}/${message_id}` : "#/rooms" },
  });
}

/** @param {any} event @returns {any} */
function pushedData(event) {
  try {
    const data = event.data.json();
    return data.type === "message" ? data : {};
  } catch {
    return {};
  }
}

/** In the language of the page. */
async function pushTexts() {
  const kept = await (await caches.open("push")).match("texts");
  const own = { name: "Chat", hidden: "New message", snippet: "{name}: {text}" };
  const icon = new URL("icons/icon-192.png", FOLDER).href;
  return { ...own, icon, ...(kept && (await kept.json())) };
}

/** Shows the message in a page that is open, or opens one. @param {any} event */
async function clicked(event) {
  event.notification.close();
  const { hash } = event.notification.data ?? { hash: "#/rooms" };
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = pages.find((/** @type {any} */ { url }) => url.split("#")[0] === PAGE.href);
  if (!open) return void (await worker.clients.openWindow(PAGE.href + hash));
  open.postMessage({ type: "push-open", hash });
  await open.focus();
}

/** The browser has replaced a subscription. @param {any} event */
async function renewed(event) {
  const path = new URL("api/users/me/push", PAGE);
  const ask = (/** @type {URL} */ url, method = "GET", /** @type {object} */ body = {}) =>
    fetch(url, {
      method,
      credentials: "same-origin",
      ...(method !== "GET" && {
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
  // The token may be old.
  await ask(new URL("api/refresh", PAGE), "POST");
  const { key, subscription } = await (await ask(path)).json();
  if (!key || !subscription) return;
  const options = { userVisibleOnly: true, applicationServerKey: key };
  const fresh = event.newSubscription ?? (await worker.registration.pushManager.subscribe(options));
  const { all, text } = subscription;
  await ask(path, "PUT", { ...fresh.toJSON(), all, text });
}

for (const [name, does] of /** @type {const} */ ([
  ["push", pushed],
  ["notificationclick", clicked],
  ["pushsubscriptionchange", renewed],
]))
  worker.addEventListener(name, (/** @type {any} */ event) => event.waitUntil(does(event)));
worker.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(install()));
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(activate()));
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  if (request.method !== "GET" || !VERSION) return;
  const { origin, pathname } = new URL(request.url);
  const isPage = origin === PAGE.origin && pathname === PAGE.pathname;
  if (request.mode === "navigate" && isPage) event.respondWith(page(event));
  else if (request.url.startsWith(FOLDER)) event.respondWith(file(request));
});
