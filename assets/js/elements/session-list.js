/** My sessions, each with a button that ends it. */
import { errorText } from "../lib/errors.js";
import { deviceOf } from "../lib/device.js";
import { fill, h, setText, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { locale, t } from "../lib/i18n.js";
import { keyed } from "../lib/keyed.js";
import { View } from "../lib/view.js";
import { date, exact, short } from "../lib/time.js";
import "../lib/more-icons.js";

/** @import {SessionInfo} from "../types-own.js" */

/** @typedef {{list: () => Promise<SessionInfo[]>, end: (id: string) => Promise<unknown>}} Data */

/** @extends {View<Data>} */
export class SessionList extends View {
  #list = h("ul", { class: "sessions frame" });
  #note = h("p", { class: "notice", role: "alert", hidden: true });
  /** @type {SessionInfo[]} */
  #sessions = [];

  // Lifecycle

  build() {
    this.append(this.#note, this.#list);
  }

  /** The list is loaded again each time the page is opened. */
  subscribe() {
    this.#load();
  }

  // Internal

  async #load() {
    if (!this.data) return void queueMicrotask(() => this.data && this.#load());
    try {
      const sessions = await this.data.list();
      this.#sessions = sessions.sort(
        (a, b) => Number(b.current) - Number(a.current) || b.lastSeen.localeCompare(a.lastSeen),
      );
      this.#note.hidden = true;
    } catch (error) {
      this.#failed(error);
    }
    keyed(
      this.#list,
      this.#sessions,
      (session) => session.id,
      (session) => this.#make(session),
      change,
    );
  }

  /** @param {SessionInfo} session */
  #make({ id, device, current }) {
    const { browser, system, kind } = deviceOf(device);
    const name =
      browser && system
        ? t("session.device", { browser, system })
        : browser || t("session.unknown");
    const label = t("session.endOf", { device: name });
    return h(
      "li",
      { class: "media", "data-session": id },
      h("span", { class: "tile" }, icon(kind)),
      h(
        "span",
        null,
        h("span", { title: device ?? "" }, name, " "),
        h("span", { class: "tag push", hidden: true }, t("session.push")),
        h("small"),
      ),
      current
        ? h("span", { class: "tag accent" }, t("session.current"))
        : h(
            "button",
            {
              class: "button quiet end",
              type: "button",
              "aria-label": label,
              onclick: (/** @type {Event} */ event) =>
                this.#end(id, /** @type {HTMLElement} */ (event.currentTarget)),
            },
            t("profile.signOut"),
          ),
    );
  }

  /** @param {string} id @param {HTMLElement} button */
  async #end(id, button) {
    set(button, { "aria-busy": "true" });
    try {
      await this.data?.end(id);
    } catch (error) {
      this.#failed(error);
    }
    set(button, { "aria-busy": null });
    await this.#load();
  }

  /** @param {unknown} error */
  #failed(error) {
    fill(this.#note, icon("warning", "small"), h("span", null, errorText(error))).hidden = false;
  }
}

// Internal

/** @param {Element} node @param {SessionInfo} session */
function change(node, { createdAt, lastSeen, current, push }) {
  const tag = /** @type {HTMLElement} */ (node.querySelector(".push"));
  tag.hidden = !push;
  const facts = /** @type {HTMLElement} */ (node.querySelector("small"));
  const since = date(createdAt, locale());
  setText(
    set(facts, { title: exact(lastSeen, locale()) }),
    current
      ? t("session.since", { date: since })
      : t("session.seen", { time: short(lastSeen, locale()), date: since }),
  );
}

customElements.define("session-list", SessionList);
