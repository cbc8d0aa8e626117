/**
 * Keeps the page and its files, so that it opens without a network, and so that an open page finds
 * the files of its version after the server was updated. The page itself is always asked for first:
 * what is kept never hides a newer version. build/join/ fills in the version and the files.
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
