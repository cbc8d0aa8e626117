/**
 * The page of the server’s administrators, in tabs: each has an address of its own, and is loaded
 * when it is shown. Commands are handed down by chat-app.
 */
import { fill, h, set } from "../lib/dom.js";
import { section } from "../lib/form.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import "../lib/more-icons.js";
import { View } from "../lib/view.js";
import "./server-audit.js";
import "./server-emoji.js";
import "./server-integrations.js";
import "./server-invitations.js";
import "./server-log.js";
import "./server-look.js";
import "./server-overview.js";
import "./server-rooms.js";
import "./server-storage.js";
import "./server-users.js";

/** @import {Server, User} from "../types.js" */

/**
 * @typedef {object} Data
 * @property {User} me
 * @property {string} [tab]
 * @property {(command: Record<string, object>) => Promise<any[]>} command
 * @property {() => Promise<HTMLElement>} host what holds a dialog
 * @property {() => Partial<Server>} facts what everybody may know of the server
 */

/** The tabs, with the element and the name of each. @type {Record<string, [string, string]>} */
const TABS = {
  overview: ["server-overview", "server.overview"],
  look: ["server-look", "server.look"],
  people: ["server-users", "server.people"],
  invitations: ["server-invitations", "server.invitations"],
  rooms: ["server-rooms", "server.rooms"],
  emoji: ["server-emoji", "server.emoji"],
  integrations: ["server-integrations", "server.integrations"],
  storage: ["server-storage", "server.storage"],
  audit: ["server-audit", "server.audit"],
  log: ["server-log", "server.log"],
};
const FIRST = "overview";
/** In pixels. */
const PEEK = 48;

/** @extends {View<Data>} */
export class ServerPage extends View {
  #tab = "";
  /** @type {Map<string, any>} elements of the tabs that were shown */
  #shown = new Map();
  #tabs = Object.entries(TABS).map(([name, [, label]]) =>
    h(
      "a",
      {
        role: "tab",
        id: `tab-${name}`,
        href: name === FIRST ? "#/server" : `#/server/${name}`,
        "aria-controls": "server-panel",
        "aria-selected": "false",
        tabindex: "-1",
      },
      t(label),
    ),
  );
  #strip = h(
    "div",
    {
      class: "tablist",
      role: "tablist",
      "aria-label": t("server.title"),
      onscroll: () => this.#fade(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#moved(event),
    },
    this.#tabs,
  );
  /** For the mouse: keys move between the tabs themselves. */
  #left = this.#arrow("server.tabsLeft", -1);
  #right = this.#arrow("server.tabsRight", 1);
  #panel = h("div", { class: "body", id: "server-panel", role: "tabpanel", tabindex: "0" });

  // Lifecycle

  build() {
    const back = t("server.back");
    this.append(
      h(
        "header",
        { class: "bar" },
        h(
          "a",
          { class: "icon-button back", href: "#/profile", "aria-label": back, title: back },
          icon("back"),
        ),
        h("h1", null, t("server.title")),
      ),
      h("div", { class: "strip" }, this.#left, this.#strip, this.#right),
      this.#panel,
    );
  }

  /** @param {AbortSignal} signal */
  subscribe(signal) {
    const resized = new ResizeObserver(() => this.#reveal());
    resized.observe(this.#strip);
    signal.addEventListener("abort", () => resized.disconnect());
  }

  /** @param {Data} data all but the tab is the same for as long as the page lives */
  update(data) {
    const tab = data.tab && data.tab in TABS ? data.tab : FIRST;
    if (tab === this.#tab) return;
    this.#tab = tab;
    const names = Object.keys(TABS);
    this.#tabs.forEach((link, at) => {
      const here = names[at] === tab;
      set(link, { "aria-selected": String(here), tabindex: here ? "0" : "-1" });
    });
    this.#reveal();
    set(this.#panel, { "aria-labelledby": `tab-${tab}` });
    fill(this.#panel, this.#contentOf(tab));
    this.#panel.scrollTop = 0;
  }

  // Internal

  /** Of more tabs than there is room for, the one that is shown is in view. */
  #reveal() {
    const link = this.#tabs[Object.keys(TABS).indexOf(this.#tab)];
    if (!link) return;
    // Beside it a part of its neighbour is seen: there are more.
    const [start, end] = [link.offsetLeft - PEEK, link.offsetLeft + link.offsetWidth + PEEK];
    const { scrollLeft, clientWidth } = this.#strip;
    if (start < scrollLeft) this.#strip.scrollLeft = start;
    else if (end > scrollLeft + clientWidth) this.#strip.scrollLeft = end - clientWidth;
    this.#fade();
  }

  /** Shows on which side there are more. */
  #fade() {
    const { scrollLeft, clientWidth, scrollWidth } = this.#strip;
    this.#left.hidden = scrollLeft < 1;
    this.#right.hidden = scrollLeft + clientWidth > scrollWidth - 1;
  }

  /** @param {string} key @param {1|-1} step */
  #arrow(key, step) {
    const title = t(key);
    const onclick = () =>
      this.#strip.scrollBy({ left: (step * this.#strip.clientWidth) / 2, behavior: "smooth" });
    return h(
      "button",
      {
        class: step < 0 ? "icon-button left" : "icon-button right",
        type: "button",
        tabindex: "-1",
        "aria-label": title,
        title,
        hidden: true,
        onclick,
      },
      icon("forward", "small"),
    );
  }

  /** @param {string} tab */
  #contentOf(tab) {
    const known = this.#shown.get(tab);
    if (known) return known;
    const [tag, label] = TABS[tab];
    const part = /** @type {any} */ (document.createElement(tag));
    part.data = this.data;
    const content = "tools" in part ? section(t(label), part.tools, part) : part;
    this.#shown.set(tab, content);
    return content;
  }

  /** Arrows move between the tabs and show each. @param {KeyboardEvent} event */
  #moved(event) {
    const now = this.#tabs.findIndex((tab) => tab === document.activeElement);
    const next = {
      ArrowRight: this.#tabs[(now + 1) % this.#tabs.length],
      ArrowLeft: this.#tabs.at(now - 1),
      Home: this.#tabs[0],
      End: this.#tabs.at(-1),
    }[event.key];
    if (!next || now < 0) return;
    event.preventDefault();
    next.focus();
    next.click();
  }
}

customElements.define("server-page", ServerPage);
