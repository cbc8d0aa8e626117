/** How the server presents itself: its message of the day, the icon and the title of the page. */
import { h, set } from "./dom.js";
import { t } from "./i18n.js";
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

/**
 * What the browser calls the page.
 * @param {string} heading of what is shown, "" for the start page
 * @param {string|undefined} server its name
 * @param {number} [unread]
 */
export function titleOf(heading, server, unread = 0) {
  const name = [heading, server || t("product")].filter(Boolean).join(" — ");
  return unread ? `(${unread}) ${name}` : name;
}

/** Gives the page its title. @param {string} heading @param {string|undefined} server */
export function setTitle(heading, server) {
  document.title = titleOf(heading, server);
}
