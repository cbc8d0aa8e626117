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
 * @typedef {{room: string, id: number, name: string|null, people: string[], visibility: string,
 *   owner: string|null, members: number, messages: number}} Room
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
  textOf({ room, owner, ...more }) {
    return `${room} ${titleOf(more)} ${owner ?? ""}`;
  }

  /** @param {Room} room */
  make({ room, visibility, ...more }) {
    const title = titleOf(more);
    const remove = () =>
      this.data?.ask(
        {
          title: t("confirm.deleteRoom"),
          text: t("confirm.deleteRoomText", { room: title || room }),
          action: t("details.delete"),
        },
        async () => {
          await this.data?.command({ "room.delete": { room } });
          await this.load();
        },
      );
    const menu = () => [
      { name: "delete-room", label: t("details.delete"), danger: true, does: remove },
    ];
    return h(
      "li",
      { "data-room": room },
      h("span", { class: "tile" }, icon(pictureOf({ visibility, ...more }))),
      h(
        "span",
        { class: "who" },
        h("b"),
        " ",
        h("small", null, room),
        h("small", { class: "facts" }),
      ),
      this.more(t("server.actions", { name: title || room }), menu),
    );
  }

  /** @param {HTMLElement} node @param {Room} room */
  change(node, { visibility, owner, members, messages, ...more }) {
    const title = titleOf(more);
    setText(
      set(/** @type {Element} */ (node.querySelector("b")), { lang: langOf(title) || null }),
      title || t("server.noName"),
    );
    const kind = t(visibility === "public" ? "details.public" : "details.private");
    const facts = [
      isDirect({ members, ...more }) ? t("room.direct") : kind,
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

// Internal

/** What people see instead of a name. @param {Pick<Room, "name"|"people">} room */
function titleOf({ name, people }) {
  return name || people.join(", ");
}

/** A conversation of two. @param {Pick<Room, "name"|"members">} room */
function isDirect({ name, members }) {
  return !name && members <= 2;
}

/** @param {Pick<Room, "name"|"members"|"visibility">} room */
function pictureOf({ visibility, ...more }) {
  if (isDirect(more)) return "person";
  return visibility === "public" ? "globe" : "lock";
}

customElements.define("server-rooms", ServerRooms);
