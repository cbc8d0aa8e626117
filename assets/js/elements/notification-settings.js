/**
 * Turns the browser’s notifications on and off. The browser asks for permission only after a click.
 */
import { fill, h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { allowNotifications, permission, stopNotifications } from "./notifications.js";

export class NotificationSettings extends HTMLElement {
  #text = h("p", { role: "status" });
  #go = h("button", { class: "button", type: "button", onclick: () => this.#pressed() });

  // Lifecycle

  connectedCallback() {
    this.append(this.#text, h("div", { class: "wrap" }, this.#go));
    this.#draw();
  }

  // Internal

  async #pressed() {
    if (permission() === "on") stopNotifications();
    else await allowNotifications();
    this.#draw();
  }

  #draw() {
    const now = permission();
    fill(this.#text, t(`notify.${now}`));
    this.#go.hidden = now !== "on" && now !== "off";
    fill(this.#go, t(now === "on" ? "notify.stop" : "notify.allow"));
  }
}

customElements.define("notification-settings", NotificationSettings);
