/** The status of the server in figures, updated while the page is visible. */
import { errorText } from "../lib/errors.js";
import { fill, h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { lang, t } from "../lib/i18n.js";
import { fileSize } from "../lib/media.js";
import { View } from "../lib/view.js";

/** @import {Data} from "./server-page.js" */

const EVERY_MS = 10_000;

/** @extends {View<Data>} */
export class ServerStatus extends View {
  #figures = h("dl", { class: "figures frame" });
  #which = h("p", { class: "meta", hidden: true });
  #note = h("p", { class: "notice", role: "alert", hidden: true });

  // Lifecycle

  build() {
    this.append(this.#note, this.#which, this.#figures);
  }

  /** @param {AbortSignal} signal */
  subscribe(signal) {
    queueMicrotask(() => this.#load());
    const timer = setInterval(
      () => document.visibilityState === "visible" && this.#load(),
      EVERY_MS,
    );
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  // Internal

  async #load() {
    try {
      const [status] = (await this.data?.command({ status: {} })) ?? [];
      if (status) this.#draw(status);
      this.#note.hidden = true;
    } catch (error) {
      fill(this.#note, icon("warning", "small"), h("span", null, errorText(error))).hidden = false;
    }
  }

  /** @param {any} status */
  #draw(status) {
    // Data that several servers share is in no file of this one.
    this.#which.hidden = status.database_bytes !== null;
    this.#which.textContent = t("server.oneOfSeveral", {
      name: `${status.host} (${status.server_id})`,
    });
    const figures = {
      usersOnline: status.users_connected,
      sockets: status.sockets,
      activeRooms: status.live_rooms,
      memory: status.memory && fileSize(status.memory, lang()),
      database: status.database_bytes && fileSize(status.database_bytes, lang()),
      uptime: lasting(status.uptime ?? 0),
      version: status.version,
    };
    fill(
      this.#figures,
      Object.entries(figures)
        .filter(([, value]) => value !== null)
        .map(([name, value]) =>
          h(
            "div",
            null,
            h("dt", { class: "meta" }, t(`server.${name}`)),
            h("dd", { class: "num" }, value),
          ),
        ),
    );
  }
}

// Internal

/** In the largest unit that is full. @param {number} seconds */
function lasting(seconds) {
  const [unit, size] = /** @type {const} */ ([
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ]).find(([, long]) => seconds >= long) ?? ["second", 1];
  return new Intl.NumberFormat(lang(), { style: "unit", unit, unitDisplay: "short" }).format(
    Math.floor(seconds / size),
  );
}

customElements.define("server-status", ServerStatus);
