/**
 * The audit log: who has administered what, newest first, with what changed. Entries are filtered
 * by the server, and older ones are loaded on demand.
 */
import { fill, h } from "../lib/dom.js";
import { errorText } from "../lib/errors.js";
import { icon } from "../lib/icons.js";
import { locale, t } from "../lib/i18n.js";
import { keyed } from "../lib/keyed.js";
import { langOf } from "../lib/text.js";
import { exact, stamp } from "../lib/time.js";
import { View } from "../lib/view.js";

/** @import {Data} from "./server-page.js" */

/**
 * @typedef {{id: number, time: string, actor: {kind: string, name: string}, from: string,
 *   action: string, target: {kind: string, id: string, name: string|null}|null,
 *   before: Record<string, unknown>|null, after: Record<string, unknown>|null}} Entry
 */

/** Entries loaded at once. */
const PAGE = 20;
/** Rest after a keystroke before the server is asked. */
const REST_MS = 300;
/** Subjects of actions, with the name of each. */
const SUBJECTS = {
  all: "server.auditAll",
  user: "server.users",
  invite: "server.invitations",
  room: "server.rooms",
  message: "server.auditMessages",
  config: "server.auditConfig",
  backup: "server.auditBackups",
  db: "server.database",
  instance: "server.auditTransfer",
  log: "server.log",
};

/** @extends {View<Data>} */
export class ServerAudit extends View {
  #subject = h(
    "select",
    { class: "input small", "aria-label": t("server.auditWhat"), onchange: () => this.load() },
    Object.entries(SUBJECTS).map(([value, name]) => h("option", { value }, t(name))),
  );
  #person = h("input", {
    type: "search",
    autocomplete: "off",
    "aria-label": t("server.auditPerson"),
    placeholder: t("server.auditPerson"),
    oninput: () => this.#loadSoon(),
  });
  tools = h(
    "div",
    { class: "wrap" },
    h("div", { class: "search-field" }, icon("search", "small"), this.#person),
    this.#subject,
  );
  #note = h("p", { class: "notice", role: "alert", hidden: true });
  #list = h("ul", { class: "frame", hidden: true });
  #none = h("p", { class: "meta", role: "status" });
  #older = h(
    "button",
    { class: "button older", type: "button", hidden: true, onclick: () => this.#loadOlder() },
    t("server.auditOlder"),
  );
  /** @type {Entry[]} */
  #entries = [];
  /** Counts requests: only the answer to the latest one is shown. */
  #asked = 0;
  #timer = 0;

  // Lifecycle

  build() {
    this.append(this.#note, this.#list, this.#none, this.#older);
  }

  /** @param {AbortSignal} signal */
  subscribe(signal) {
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
    queueMicrotask(() => this.load());
  }

  // Actions

  /** Loads the newest entries. */
  async load() {
    await this.#fetch([]);
  }

  // Internal

  #loadSoon() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.load(), REST_MS);
  }

  async #loadOlder() {
    if (this.#older.getAttribute("aria-busy")) return;
    this.#older.setAttribute("aria-busy", "true");
    await this.#fetch(this.#entries);
    this.#older.removeAttribute("aria-busy");
  }

  /** @param {Entry[]} before what is shown already */
  async #fetch(before) {
    const asked = ++this.#asked;
    const [subject, user] = [this.#subject.value, this.#person.value.trim()];
    const after = before.at(-1)?.id;
    // One more than is shown tells whether there are older ones.
    const query = {
      limit: PAGE + 1,
      ...(subject !== "all" && { action: subject }),
      ...(user && { user }),
    };
    try {
      const found = await this.data?.command({
        "audit.list": { ...query, ...(after && { after }) },
      });
      if (!found || asked !== this.#asked) return;
      this.#entries = [...before, ...found.slice(0, PAGE)];
      this.#draw(found.length > PAGE);
      this.#note.hidden = true;
    } catch (error) {
      if (asked !== this.#asked) return;
      fill(this.#note, icon("warning", "small"), h("span", null, errorText(error))).hidden = false;
    }
  }

  /** @param {boolean} more whether there are older entries */
  #draw(more) {
    keyed(this.#list, this.#entries, ({ id }) => String(id), entryOf);
    const empty = this.#entries.length === 0;
    this.#list.hidden = empty;
    fill(this.#none, empty && t("server.auditNone"));
    this.#older.hidden = !more;
  }
}

// Internal

/** @param {Entry} entry */
function entryOf({ id, time, actor, from, action, target, before, after }) {
  const name = actor.kind === "cli" ? `cli:${actor.name}` : actor.name;
  const changes = changesOf(before ?? {}, after ?? {});
  return h(
    "li",
    { "data-entry": id },
    h(
      "div",
      { class: "entry" },
      h("b", { lang: langOf(name) || null }, name),
      h("code", null, action),
      target && h("span", { lang: langOf(target.name) || null }, nameOf(target)),
    ),
    h(
      "small",
      null,
      h("time", { datetime: time, title: exact(time, locale()) }, stamp(time, locale())),
      ` · ${from}`,
    ),
    changes.length > 0 && h("dl", { class: "changes" }, changes),
  );
}

/** @param {{kind: string, id: string, name: string|null}} target */
function nameOf({ kind, id, name }) {
  if (kind === "user" && name) return `@${name}`;
  return name ? `${name} (${id})` : id;
}

/**
 * @param {Record<string, unknown>} before
 * @param {Record<string, unknown>} after
 */
function changesOf(before, after) {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.map((key) =>
    h(
      "div",
      null,
      h("dt", null, key),
      h(
        "dd",
        null,
        key in before && h(before[key] === null ? "span" : "del", null, shown(before[key])),
        key in before && key in after && " → ",
        key in after && h("ins", null, shown(after[key])),
      ),
    ),
  );
}

/** @param {unknown} value */
function shown(value) {
  if (value === null || value === "") return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}

customElements.define("server-audit", ServerAudit);
