/**
 * All rooms of the server, private ones too. Each can be deleted after a confirmation; their
 * messages are not shown.
 */
import { h, setText, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { ServerList } from "./server-list.js";
import { langOf } from "../lib/text.js";

/**
 * @typedef {{room: string, id: number, name: string|null, visibility: string, owner: string|null,
 *   members: number, messages: number}} Room
 */

/** @extends {ServerList<Room>} */
export class ServerRooms extends ServerList {
  constructor() {
    super(t("server.findRoom"));
  }

  async fetch() {
    return /** @type {Promise<Room[]>} */ (
      this.data?.command({ "room.list": {} }) ?? Promise.resolve([])
    );
  }

  /** @param {Room} room */
  keyOf({ room }) {
    return room;
  }

  /** @param {Room} room */
  textOf({ room, name, owner }) {
    return `${room} ${name ?? ""} ${owner ?? ""}`;
  }

  /** @param {Room} room */
  make({ room, name, visibility }) {
    const title = name || t("server.noName");
    const ask = this.button(t("details.delete"), "danger delete-room", async () =>
      this.data?.ask(
        {
          title: t("confirm.deleteRoom"),
          text: t("confirm.deleteRoomText", { room: name || room }),
          action: t("details.delete"),
        },
        async () => {
          await this.data?.command({ "room.delete": { room } });
          await this.load();
        },
      ),
    );
    return h(
      "li",
      { "data-room": room },
      h("span", { class: "tile" }, icon(visibility === "public" ? "globe" : "lock")),
      h(
        "span",
        { class: "who" },
        h("b"),
        " ",
        h("small", null, room),
        h("small", { class: "facts" }),
      ),
      h("span", { class: "acts wrap", role: "group", "aria-label": title }, ask),
    );
  }

  /** @param {HTMLElement} node @param {Room} room */
  change(node, { name, visibility, owner, members, messages }) {
    setText(
      set(/** @type {Element} */ (node.querySelector("b")), { lang: langOf(name) || null }),
      name || t("server.noName"),
    );
    const facts = [
      t(visibility === "public" ? "details.public" : "details.private"),
      t("header.people", { n: members }),
      t("server.messages", { n: messages }),
      owner && `@${owner}`,
    ];
    setText(
      /** @type {Element} */ (node.querySelector(".facts")),
      facts.filter(Boolean).join(" · "),
    );
  }
}

customElements.define("server-rooms", ServerRooms);
