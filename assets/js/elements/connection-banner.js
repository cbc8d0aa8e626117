/** One line over everything while there is no connection. Emits `connection-retry`. */
import { emit, fill, h, setText } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";

/** @import {Connection} from "../types.js" */

const SHOWN_AFTER_MS = 2000;
const BACK_FOR_MS = 3000;

/** @extends {View<Connection>} */
export class ConnectionBanner extends View {
  #number = h("span", { class: "num" });
  #offline = true;
  #since = Date.now();
  #backUntil = 0;
  /** @type {"hidden"|"offline"|"back"} */
  #shown = "hidden";

  // Lifecycle

  build() {
    this.setAttribute("role", "status");
    this.hidden = true;
  }

  /** @param {AbortSignal} signal */
  subscribe(signal) {
    const tick = setInterval(() => this.data && this.update(this.data), 500);
    signal.addEventListener("abort", () => clearInterval(tick));
  }

  /** @param {Connection} connection */
  update({ state, retryAt }) {
    const now = Date.now();
    if (state === "online") {
      if (this.#offline && this.#shown === "offline") this.#backUntil = now + BACK_FOR_MS;
      this.#offline = false;
    } else if (!this.#offline) {
      this.#offline = true;
      this.#since = now;
    }
    if (this.#offline)
      this.#show(
        now - this.#since >= SHOWN_AFTER_MS || this.#shown === "offline" ? "offline" : "hidden",
      );
    else this.#show(now < this.#backUntil ? "back" : "hidden");
    const seconds = retryAt ? Math.ceil((retryAt - now) / 1000) : 0;
    setText(this.#number, seconds > 0 ? t("connection.seconds", { n: seconds }) : "");
  }

  // Internal

  /** @param {"hidden"|"offline"|"back"} what */
  #show(what) {
    if (what === this.#shown) return;
    this.#shown = what;
    this.hidden = what === "hidden";
    this.dataset.state = what;
    if (what === "hidden") return void fill(this);
    if (what === "back")
      return void fill(this, h("span", null, icon("check"), t("connection.back")));
    fill(
      this,
      h("span", null, icon("offline"), t("connection.lost")),
      h(
        "button",
        { type: "button", onclick: () => emit(this, "connection-retry") },
        t("connection.retry"),
        " ",
        this.#number,
      ),
    );
  }
}

customElements.define("connection-banner", ConnectionBanner);
