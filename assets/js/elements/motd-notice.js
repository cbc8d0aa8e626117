/** The message of the day over everything, until the reader closes it; a new one is shown again. */
import { fill, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { langOf } from "../lib/text.js";
import { View } from "../lib/view.js";

/** @extends {View<{motd: string, user: string}>} */
export class MotdNotice extends View {
  #text = h("p");
  #close = h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": t("motd.close"),
      title: t("motd.close"),
      onclick: () => this.#dismiss(),
    },
    icon("close"),
  );

  // Lifecycle

  build() {
    set(this, { role: "status", hidden: true });
    this.append(this.#text, this.#close);
  }

  /** What was closed in another tab is closed here. @param {AbortSignal} signal */
  subscribe(signal) {
    addEventListener("storage", () => this.data && this.update(this.data), { signal });
  }

  /** @param {{motd: string, user: string}} data */
  update({ motd, user }) {
    this.hidden = !motd || localStorage.getItem(keyOf(user)) === motd;
    if (this.#text.textContent === motd) return;
    fill(set(this.#text, { lang: langOf(motd) || null }), motd);
  }

  // Internal

  #dismiss() {
    if (!this.data) return;
    const { motd, user } = this.data;
    localStorage.setItem(keyOf(user), motd);
    this.update(this.data);
    this.dispatchEvent(new CustomEvent("focus-lost", { bubbles: true }));
  }
}

// Internal

/** Where it is kept what this person has closed. @param {string} user */
function keyOf(user) {
  return `motd ${user}`;
}

customElements.define("motd-notice", MotdNotice);
