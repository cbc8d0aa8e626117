/** What administrators have chosen for their server: its message of the day and its icon. */
import { h, set } from "./dom.js";
import { langOf } from "./text.js";

/** @param {import("../types.js").Server|null} server @returns {HTMLElement|null} null when there is none */
export function motdOf(server) {
  const motd = server?.motd?.trim();
  return motd ? h("p", { class: "motd", lang: langOf(motd) || null }, motd) : null;
}

/** A dot on the page's icon while something is unread. @param {boolean} unread */
export function setIcon(unread) {
  const link = document.querySelector("link[rel=icon]");
  if (!link) return;
  set(link, { "data-unread": unread });
  if (document.documentElement.dataset.icon)
    import("./look.js").then(({ showFavicon }) => showFavicon()).catch(() => undefined);
  else set(link, { href: unread ? "favicon-unread.svg" : "favicon.svg" });
}
