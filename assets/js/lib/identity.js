/** The message of the day that administrators have chosen for their server. */
import { h } from "./dom.js";
import { langOf } from "./text.js";

/** @param {import("../types.js").Server|null} server @returns {HTMLElement|null} null when there is none */
export function motdOf(server) {
  const motd = server?.motd?.trim();
  return motd ? h("p", { class: "motd", lang: langOf(motd) || null }, motd) : null;
}
