/** The service worker (sw.js), which keeps the page for when there is no network. */

/** Files as they are in the folder change all the time. */
const JOINED = new URL(import.meta.url).pathname.includes("/assets/");

/** Has the page opened, or will it open, without a network? */
export function isKept() {
  return Boolean(globalThis.navigator?.serviceWorker?.controller);
}

/** Installs it, where browsers allow it: over https, and on this computer. */
export async function keepPage() {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  if (JOINED) await serviceWorker.register("sw.js");
  // The one in the folder deletes what was kept, and itself.
  else await (await serviceWorker.getRegistration())?.update();
}
