/** What administrators have chosen for their server: its accent colour and message of the day. */
import { h } from "./dom.js";
import { langOf } from "./text.js";

/** @import {Server} from "../types.js" */

/** Its hue colours the page (tokens.css). @param {Server|null} server null while it is unknown */
export function showAccent(server) {
  if (!server) return;
  const { style, dataset } = document.documentElement;
  if (server.accent) {
    style.setProperty("--brand", server.accent);
    dataset.accent = "";
  } else delete dataset.accent;
}

/** @param {Server|null} server @returns {HTMLElement|null} null when there is none */
export function motdOf(server) {
  const motd = server?.motd?.trim();
  return motd ? h("p", { class: "motd", lang: langOf(motd) || null }, motd) : null;
}
