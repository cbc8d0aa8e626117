/** The first tab: the figures of the server, and what its checks have found. */
import { fill, h } from "../lib/dom.js";
import { errorText } from "../lib/errors.js";
import { section } from "../lib/form.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import "./server-status.js";

/** @import {Data} from "./server-page.js" */
/** @typedef {{check: string, status: string, found: string, advice: string|null}} Finding */

/** @extends {View<Data>} */
export class ServerOverview extends View {
  #status = /** @type {any} */ (document.createElement("server-status"));
  #again = h(
    "button",
    { class: "button check-again", type: "button", onclick: () => this.#check() },
    t("server.checkAgain"),
  );
  #said = h("p", { class: "meta", role: "status" });
  #list = h("ul", { class: "frame findings", hidden: true });

  // Lifecycle

  build() {
    this.append(
      section(t("server.status"), null, this.#status),
      section(t("server.health"), this.#again, this.#said, this.#list),
    );
  }

  subscribe() {
    queueMicrotask(() => this.#check());
  }

  /** @param {Data} data */
  update(data) {
    this.#status.data ??= data;
  }

  // Internal

  async #check() {
    if (!this.data || this.#again.getAttribute("aria-busy")) return;
    this.#again.setAttribute("aria-busy", "true");
    fill(this.#said, t("server.checking"));
    try {
      this.#draw(await this.data.command({ doctor: {} }));
    } catch (error) {
      fill(this.#said, errorText(error));
    }
    this.#again.removeAttribute("aria-busy");
  }

  /** What is not as it should be; what was not checked is no problem. @param {Finding[]} all */
  #draw(all) {
    const bad = all.filter(({ status }) => status === "warn" || status === "fail");
    const passed = all.filter(({ status }) => status === "ok").length;
    fill(this.#said, t("server.checksPassed", { n: passed }));
    fill(
      this.#list,
      bad.map(({ check, status, found, advice }) =>
        h(
          "li",
          { "data-status": status, lang: "en" },
          icon("warning"),
          h("span", { class: "who" }, h("b", null, check), h("span", null, found)),
          advice && h("small", null, advice),
        ),
      ),
    ).hidden = bad.length === 0;
  }
}

customElements.define("server-overview", ServerOverview);
