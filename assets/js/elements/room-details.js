/**
 * Right column: what the room is about, its pinned messages, files and participants. Emits
 * `details-close`, `room-rename`, `room-menu`, `room-notify`, `people-add`, `person-open`.
 */
import { emit, fill, h, setText, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { count, locale, t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { langOf } from "../lib/text.js";
import { date } from "../lib/time.js";
import "./member-list.js";

/** @import {Members} from "../state/select.js" */
/** @import {Room} from "../types.js" */
/** @import {Lazy} from "./lazy.js" */
/** @import {MemberList} from "./member-list.js" */

/**
 * @typedef {object} Data
 * @property {Room} room
 * @property {string} title
 * @property {boolean} direct a conversation of two without a name
 * @property {Members} people
 * @property {boolean} mayManage
 * @property {import("./room-pins.js").Data} pins
 * @property {import("./room-files.js").Data} files
 * @property {import("./room-retention.js").Data} kept
 * @property {(tag: Lazy) => Promise<any>} part fetches a part that is not always needed
 */

/** @extends {View<Data>} */
export class RoomDetails extends View {
  #back = h(
    "a",
    { class: "icon-button back", href: "#/rooms", "aria-label": t("details.back") },
    icon("back"),
  );
  #rename = button("edit", "details.edit", () => emit(this, "room-rename"), "rename");
  #add = button("addPerson", "people.add", () => emit(this, "people-add"), "add-people");
  #notify = h(
    "select",
    {
      class: "input",
      id: "notify",
      onchange: () => emit(this, "room-notify", { notify: this.#notify.value }),
    },
    ["default", "all", "mentions", "nothing"].map((level) =>
      h("option", { value: level }, t(`level.${level}`)),
    ),
  );
  #about = h("div", { class: "about" });
  #kept = h("section", { hidden: true });
  #pins = h("section", { hidden: true });
  #files = h(
    "details",
    { ontoggle: () => this.data && this.#show("room-files", this.#files, this.data.files) },
    h("summary", null, h("h2", null, t("details.files"))),
  );
  /** Parts that are there, or on their way. @type {Map<Element, any>} */
  #parts = new Map();
  #roomId = "";
  #facts = h("dl");
  #count = h("span", { class: "num" });
  #members = /** @type {MemberList} */ (document.createElement("member-list"));
  #menu = set(
    button("more", "details.actions", () => emit(this, "room-menu", this.#menu), "room-menu"),
    { "aria-haspopup": "menu" },
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
        this.#menu,
        button("close", "details.close", () => emit(this, "details-close"), "close"),
      ),
      h(
        "div",
        { class: "scroll" },
        h(
          "section",
          null,
          h("div", { class: "spread" }, h("h2", null, t("details.about")), this.#rename),
          this.#about,
          this.#facts,
          h(
            "div",
            { class: "field" },
            h("label", { class: "label", for: "notify" }, t("details.notify")),
            this.#notify,
          ),
        ),
        this.#kept,
        this.#pins,
        h("section", null, this.#files),
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
      ),
    );
  }

  /** @param {Data} data */
  update({ room, title, direct, people, mayManage, pins, files, kept }) {
    if (room.roomId !== this.#roomId) this.#files.open = false;
    this.#roomId = room.roomId;
    const kind = t(room.visibility === "public" ? "details.public" : "details.private");
    set(this.#back, { href: `#/${room.roomId}` });
    fill(this.#about, about(room, title));
    this.#notify.value = room.notify ?? "default";
    setText(this.#count, count(room.userCount));
    fill(
      this.#facts,
      h("dt", null, t("details.type")),
      h("dd", null, direct ? t("details.direct") : kind),
      h("dt", null, t("details.created")),
      h("dd", null, date(room.createdAt, locale())),
      room.archivedAt && [
        h("dt", null, t("header.archived")),
        h("dd", null, date(room.archivedAt, locale())),
      ],
      room.readOnly && [h("dt", null, t("details.posting")), h("dd", null, t("details.byAdmins"))],
    );
    this.#kept.hidden = kept.days === 0;
    if (!this.#kept.hidden) this.#show("room-retention", this.#kept, kept);
    this.#pins.hidden = pins.pins.length === 0;
    if (!this.#pins.hidden) this.#show("room-pins", this.#pins, pins);
    if (this.#files.open) this.#show("room-files", this.#files, files);
    this.#rename.hidden = !mayManage;
    this.#add.hidden = !mayManage;
    this.#members.data = people;
  }

  // Internal

  /** @param {Lazy} tag @param {Element} place @param {unknown} data */
  async #show(tag, place, data) {
    if (!this.#parts.has(place)) {
      this.#parts.set(place, null);
      try {
        const part = await /** @type {Data} */ (this.data).part(tag);
        this.#parts.set(place, part);
        place.append(part);
      } catch {
        // Without a connection: with the next change.
        this.#parts.delete(place);
      }
      if (this.data) this.update(this.data);
    } else if (this.#parts.get(place)) this.#parts.get(place).data = data;
  }
}

/** Its name stands over the conversation already. @param {Room} room @param {string} title */
function about({ topic, description }, title) {
  const line = (/** @type {string} */ text, name = "") =>
    h("p", { class: name || null, lang: langOf(text) || null, dir: "auto" }, text);
  if (!topic && !description) return [line(title)];
  return [topic && line(topic, "topic"), description && line(description, "description")];
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
