/** Switches the browser's notifications on and off. The browser asks only after a click here. */
import { fill, h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { allowNotices, notifying, stopNotices } from "../lib/notify.js";

export class NoticeSettings extends HTMLElement {
  #text = h("p", { role: "status" });
  #go = h("button", { class: "button", type: "button", onclick: () => this.#pressed() });

  // Lifecycle

  connectedCallback() {
    this.append(this.#text, h("div", { class: "wrap" }, this.#go));
    this.#draw();
  }

  // Internal

  async #pressed() {
    if (notifying() === "on") stopNotices();
    else await allowNotices();
    this.#draw();
  }

  #draw() {
    const now = notifying();
    fill(this.#text, t(`notify.${now}`));
    this.#go.hidden = now === "denied" || now === "none";
    fill(this.#go, t(now === "on" ? "notify.stop" : "notify.allow"));
  }
}

customElements.define("notice-settings", NoticeSettings);
