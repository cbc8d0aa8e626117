/** The service worker (sw.js), which keeps the page for when there is no network. */

/** Files as they are in the folder change all the time. */
const JOINED = new URL(import.meta.url).pathname.includes("/assets/");

/** Has the page opened, or will it open, without a network? */
export function isKept() {
  return Boolean(globalThis.navigator?.serviceWorker?.controller);
}

/**
 * Installs it after everything else: what the page needs first must not wait. When the server is
 * there again, once more if it has failed. Devices that receive push notifications are followed.
 * @param {import("../state/store.js").Store} store
 * @param {AbortSignal} signal
 * @param {() => Promise<unknown>} follow
 */
export function keepPage(store, signal, follow) {
  let [tried, was] = [false, ""];
  const changed = () => {
    const { state } = store.state.connection;
    const now = state === "online" && was !== state && !(tried && isKept());
    was = state;
    tried ||= now;
    // It is no fault if the browser refuses it.
    if (now)
      install()
        .then(() => (localStorage.getItem("push") ? follow() : undefined))
        .catch(() => undefined);
  };
  store.addEventListener("change", changed, { signal });
}

// Internal

/** Where browsers allow it: over https, and on this computer. */
async function install() {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  if (JOINED) return void (await serviceWorker.register("sw.js"));
  // What an earlier page has kept of the joined files would hide what is in the folder.
  await (await serviceWorker.getRegistration())?.unregister();
  const names = (await caches.keys()).filter((name) => name.startsWith("files "));
  await Promise.all(names.map((name) => caches.delete(name)));
}
