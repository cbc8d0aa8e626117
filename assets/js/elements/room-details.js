/**
 * Right column: the settings and participants of the room. Emits `details-close`, `room-rename`,
 * `room-leave`, `room-delete`, `room-mute`, `people-add`, `person-open`.
 */
import { emit, fill, h, setText, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { count, locale, t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { date } from "../lib/time.js";
import "./member-list.js";

/** @import {Members} from "../state/select.js" */
/** @import {Room} from "../types.js" */
/** @import {MemberList} from "./member-list.js" */

/**
 * @typedef {{room: Room, title: string, direct: boolean, people: Members, mayManage: boolean,
 *   mayDelete: boolean}} Data direct: a conversation of two without a name
 */

/** @extends {View<Data>} */
export class RoomDetails extends View {
  #back = h(
    "a",
    { class: "icon-button back", href: "#/rooms", "aria-label": t("details.back") },
    icon("back"),
  );
  #rename = button("edit", "details.rename", () => emit(this, "room-rename"), "rename");
  #add = button("addPerson", "people.add", () => emit(this, "people-add"), "add-people");
  #mute = h("input", {
    class: "switch",
    type: "checkbox",
    role: "switch",
    id: "mute",
    "aria-describedby": "mute-hint",
    onchange: () => emit(this, "room-mute", this.#mute.checked),
  });
  #name = h("p");
  #facts = h("dl");
  #count = h("span", { class: "num" });
  #members = /** @type {MemberList} */ (document.createElement("member-list"));
  #leave = h(
    "button",
    { class: "button leave", type: "button", onclick: () => emit(this, "room-leave") },
    t("details.leave"),
  );
  #delete = h(
    "button",
    {
      class: "button danger delete-room",
      type: "button",
      onclick: () => emit(this, "room-delete"),
    },
    t("details.delete"),
  );

  // Lifecycle

  build() {
    set(this, { "aria-label": t("details.title") });
    const head = h("div", { class: "title" }, h("h1", null, t("details.title")));
    this.append(
      h(
        "div",
        { class: "head" },
        this.#back,
        head,
        button("close", "details.close", () => emit(this, "details-close"), "close"),
      ),
      h(
        "div",
        { class: "scroll" },
        h(
          "section",
          null,
          h("div", { class: "spread" }, h("h2", null, t("details.about")), this.#rename),
          this.#name,
          this.#facts,
          h("div", { class: "spread" }, h("label", { for: "mute" }, t("details.mute")), this.#mute),
          h("p", { class: "meta", id: "mute-hint" }, t("details.muteHint")),
        ),
        h(
          "section",
          null,
          h(
            "div",
            { class: "spread" },
            h("h2", null, t("details.people"), " ", this.#count),
            this.#add,
          ),
          this.#members,
        ),
        h("section", { class: "wrap" }, this.#leave, this.#delete),
      ),
    );
  }

  /** @param {Data} data */
  update({ room, title, direct, people, mayManage, mayDelete }) {
    const kind = t(room.visibility === "public" ? "details.public" : "details.private");
    set(this.#back, { href: `#/${room.roomId}` });
    setText(this.#name, title);
    set(this.#mute, { checked: Boolean(room.muted) });
    setText(this.#count, count(room.userCount));
    fill(
      this.#facts,
      h("dt", null, t("details.type")),
      h("dd", null, direct ? t("details.direct") : kind),
      h("dt", null, t("details.created")),
      h("dd", null, date(room.createdAt, locale())),
    );
    setText(this.#leave, t(direct ? "details.leaveDirect" : "details.leave"));
    setText(this.#delete, t(direct ? "details.deleteDirect" : "details.delete"));
    this.#rename.hidden = !mayManage;
    this.#add.hidden = !mayManage;
    this.#delete.hidden = !mayDelete;
    this.#members.data = people;
  }
}

/**
 * @param {string} picture
 * @param {string} key
 * @param {() => void} onclick
 * @param {string} name
 */
function button(picture, key, onclick, name) {
  return h(
    "button",
    { class: `icon-button ${name}`, type: "button", "aria-label": t(key), title: t(key), onclick },
    icon(picture),
  );
}

customElements.define("room-details", RoomDetails);
