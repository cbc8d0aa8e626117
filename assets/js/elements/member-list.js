/** People of a room: who is here first, then the others. Emits `person-open`. */
import { emit, fill, h, setText, set } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { keyed } from "../lib/keyed.js";
import { View } from "../lib/view.js";
import { langOf } from "../lib/text.js";
import { avatar } from "./user-avatar.js";

/** @import {Member} from "../state/select.js" */

/** @typedef {{here: Member[], away: Member[]}} Data */

/** @extends {View<Data>} */
export class MemberList extends View {
  #groups = /** @type {const} */ (["here", "away"]).map((kind) => ({
    kind,
    head: h("h3", { class: "meta" }),
    list: h("ul"),
  }));

  // Lifecycle

  build() {
    for (const { head, list } of this.#groups) this.append(head, list);
  }

  /** @param {Data} data */
  update(data) {
    for (const { kind, head, list } of this.#groups) {
      const people = data[kind];
      head.hidden = people.length === 0;
      fill(
        head,
        t(kind === "here" ? "presence.online" : "presence.offline"),
        " ",
        h("span", { class: "num" }, people.length),
      );
      keyed(
        list,
        people,
        (person) => person.userId,
        () => this.#make(),
        changePerson,
      );
    }
  }

  // Internal

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
    class: person.here ? "pick media" : "pick media offline",
    "data-user": person.userId,
  });
  /** @type {any} */ (face).face = {
    id: person.userId,
    name: person.shown,
    size: "m",
    picture: person.picture,
    presence: person.here ? "here" : "offline",
  };
  setText(set(name, { lang: langOf(person.shown) || null }), person.shown);
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
