/** People of a room: who is online, then who is away, then the others. Emits `person-open`. */
import { emit, fill, h, setText, set } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { keyed } from "../lib/keyed.js";
import { View } from "../lib/view.js";
import { langOf } from "../lib/text.js";
import { PRESENCE } from "../state/online.js";
import { statusMark } from "./status-mark.js";
import { avatar } from "./user-avatar.js";

/** @import {Member, Members} from "../state/select.js" */

/** People that are shown before somebody wants to see all of them. */
const MOST = 100;

/** @extends {View<Members>} */
export class MemberList extends View {
  #groups = /** @type {const} */ (["here", "away", "offline"]).map((kind) => ({
    kind,
    head: h("h3", { class: "meta" }),
    list: h("ul"),
  }));
  /** @type {Members|null} */
  #shown = null;
  /** Rows that are shown at most. */
  #most = MOST;
  #more = h("button", { class: "button quiet", type: "button", onclick: () => this.#all() });

  // Lifecycle

  build() {
    for (const { head, list } of this.#groups) this.append(head, list);
    this.append(this.#more);
  }

  /** @param {Members} data */
  update(data) {
    if (data === this.#shown) return;
    if (this.#shown && data.roomId !== this.#shown.roomId) this.#most = MOST;
    this.#shown = data;
    let left = this.#most;
    for (const { kind, head, list } of this.#groups) {
      const people = data[kind];
      head.hidden = people.length === 0;
      fill(
        head,
        t(data.known ? PRESENCE[kind] : "presence.unknown"),
        " ",
        h("span", { class: "num" }, people.length),
      );
      keyed(
        list,
        people.slice(0, left),
        (person) => person.userId,
        () => this.#make(),
        changePerson,
      );
      left = Math.max(0, left - people.length);
    }
    const count = data.here.length + data.away.length + data.offline.length;
    this.#more.hidden = count <= this.#most;
    setText(this.#more, t("details.all", { n: count }));
  }

  // Internal

  #all() {
    const { data } = this;
    if (!data) return;
    this.#most = Infinity;
    this.#shown = null;
    // The first of those that were missing.
    const next = this.querySelectorAll("li").length;
    this.update(data);
    this.querySelectorAll("li")[next]?.querySelector("button")?.focus();
  }

  #make() {
    const row = h(
      "button",
      { type: "button" },
      avatar({ id: "", name: "", size: "m" }),
      h("span", { class: "truncate" }),
      h("span", { class: "meta" }),
    );
    row.addEventListener("click", () => emit(this, "person-open", row.dataset.user));
    return h("li", null, row);
  }
}

// Internal

/**
 * @param {HTMLLIElement} node
 * @param {Member} person
 */
function changePerson(node, person) {
  const row = node.children[0];
  const [face, name, role] = row.children;
  set(row, {
    class: person.presence === "offline" ? "pick media offline" : "pick media",
    "data-user": person.userId,
  });
  /** @type {any} */ (face).face = {
    id: person.userId,
    name: person.shown,
    size: "m",
    picture: person.picture,
    presence: person.presence,
  };
  fill(set(name, { lang: langOf(person.shown) || null }), person.shown, statusMark(person.status));
  setText(role, roleOf(person));
}

/** @param {Member} person */
function roleOf({ me, bot, role, owner }) {
  if (me) return t("person.you");
  if (bot) return t("person.bot");
  if (role !== "member") return t(`role.${role}`);
  return owner ? t("role.owner") : "";
}

customElements.define("member-list", MemberList);
