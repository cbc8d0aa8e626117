/**
 * The page of the server’s administrators: status, users, rooms, audit log, log. Commands are
 * handed down by chat-app.
 */
import { h } from "../lib/dom.js";
import { section } from "../lib/form.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import "./server-audit.js";
import "./server-log.js";
import "./server-rooms.js";
import "./server-status.js";
import "./server-users.js";

/** @import {User} from "../types.js" */

/**
 * @typedef {object} Data
 * @property {User} me
 * @property {(command: Record<string, object>) => Promise<any[]>} command
 * @property {() => Promise<HTMLElement>} host what holds a dialog
 * @property {(words: {title: string, text: string, action: string}, confirmed: () =>
 *   Promise<unknown>) => Promise<void>} ask
 */

/** Commands that change nothing, so that the audit log stays the same. */
const READING = /\.list$|^status$/u;

/** @extends {View<Data>} */
export class ServerPage extends View {
  #parts = ["server-status", "server-users", "server-rooms", "server-audit", "server-log"].map(
    (tag) => /** @type {any} */ (document.createElement(tag)),
  );

  // Lifecycle

  build() {
    const [status, users, rooms, audit, log] = this.#parts;
    this.append(
      h(
        "header",
        { class: "bar" },
        h(
          "a",
          {
            class: "icon-button back",
            href: "#/profile",
            "aria-label": t("server.back"),
            title: t("server.back"),
          },
          icon("back"),
        ),
        h("h1", null, t("server.title")),
      ),
      h(
        "div",
        { class: "body" },
        section(t("server.status"), null, status),
        section(t("server.users"), users.tools, users),
        section(t("server.rooms"), rooms.tools, rooms),
        section(t("server.audit"), audit.tools, audit),
        section(t("server.log"), log.tools, log),
      ),
    );
  }

  /** @param {Data} data the same for as long as the page lives */
  update(data) {
    const audit = this.#parts[3];
    const command = async (/** @type {Record<string, object>} */ asked) => {
      const items = await data.command(asked);
      if (!READING.test(Object.keys(asked)[0] ?? "")) audit.load();
      return items;
    };
    for (const part of this.#parts) part.data ??= { ...data, command };
  }
}

customElements.define("server-page", ServerPage);
