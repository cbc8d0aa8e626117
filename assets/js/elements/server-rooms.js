/**
 * All rooms of the server, private ones too, with how much is in them. Each can be archived or
 * deleted after a question; their messages are not shown.
 */
import { h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { count, lang, locale, t } from "../lib/i18n.js";
import { fileSize } from "../lib/media.js";
import { langOf } from "../lib/text.js";
import { exact, short } from "../lib/time.js";
import "../lib/more-icons.js";
import { ask } from "./server-question.js";
import { keepMessages } from "./server-retention.js";
import { ServerTable } from "./server-table.js";

/** @import {MenuItem} from "./row-menu.js" */
/**
 * @typedef {{room: string, id: number, name: string|null, people: string[], visibility: string,
 *   owner: string|null, members: number, messages: number, mode: string, created: string,
 *   last_message?: string, bytes?: number, retention_days?: number|null,
 *   keep_pinned?: boolean|null}} Room
 */

/** @extends {ServerTable<Room>} */
export class ServerRooms extends ServerTable {
  constructor() {
    super({
      label: t("server.rooms"),
      find: t("server.findRoom"),
      columns: [
        { name: "name", label: t("room.name"), order: titleOf, cell: nameCell },
        { name: "facts", label: t("room.type"), order: kindOf, cell: kindCell },
        {
          name: "members",
          label: t("people.title"),
          figure: true,
          order: ({ members }) => members,
          cell: ({ members }) => count(members),
        },
        {
          name: "messages",
          label: t("server.auditMessages"),
          figure: true,
          order: ({ messages }) => messages,
          cell: ({ messages }) => count(messages),
        },
        {
          name: "size",
          label: t("server.files"),
          figure: true,
          order: ({ bytes = 0 }) => bytes,
          cell: ({ bytes }) => (bytes ? fileSize(bytes, lang()) : "–"),
        },
        {
          name: "last",
          label: t("server.lastMessage"),
          order: (room) => room.last_message ?? "",
          cell: lastCell,
        },
      ],
    });
  }

  async fetch() {
    return /** @type {Promise<Room[]>} */ (
      this.data?.command({ "room.list": { sizes: true } }) ?? Promise.resolve([])
    );
  }

  /** @param {Room} room */
  keyOf({ room }) {
    return room;
  }

  /** @param {Room} room */
  nameOf(room) {
    return titleOf(room) || room.room;
  }

  /** @param {Room} room */
  textOf(room) {
    return `${room.room} ${titleOf(room)} ${room.owner ?? ""}`;
  }

  /** @param {Room} room */
  marks({ room }) {
    return { "data-room": room };
  }

  /** @param {Room} room @returns {MenuItem[]} */
  menuOf(room) {
    const archived = room.mode === "archived";
    return [
      archived
        ? {
            name: "unarchive-room",
            label: t("server.unarchive"),
            does: () => this.#archive(room, false),
          }
        : {
            name: "archive-room",
            label: t("server.archive"),
            does: () =>
              ask(
                this.data,
                {
                  title: t("server.archiveTitle", { room: this.nameOf(room) }),
                  text: t("server.archiveText"),
                  action: t("server.archive"),
                },
                () => this.#archive(room, true),
              ),
          },
      {
        name: "keep-messages",
        label: t("server.keep"),
        does: () =>
          keepMessages(this.data, room, this.nameOf(room), (changed) =>
            this.#changed(room.room, changed),
          ),
      },
      {
        name: "delete-room",
        label: t("details.delete"),
        danger: true,
        does: () => this.#delete(room),
      },
    ];
  }

  empty() {
    return t("server.noRooms");
  }

  // Internal

  /** @param {Room} room @param {boolean} archived */
  async #archive({ room }, archived) {
    const [changed] = (await this.data?.command({ "room.settings": { room, archived } })) ?? [];
    this.#changed(room, changed);
  }

  /** @param {string} room @param {Partial<Room>} changed */
  #changed(room, changed) {
    this.items = this.items.map((one) => (one.room === room ? { ...one, ...changed } : one));
    this.draw();
  }

  /** What would go is counted before it is asked. @param {Room} room */
  async #delete(room) {
    const [going] =
      (await this.data?.command({ "room.delete": { room: room.room, dry_run: true } })) ?? [];
    await ask(
      this.data,
      {
        title: t("confirm.deleteRoom"),
        text: t("confirm.deleteRoomText", { room: this.nameOf(room) }),
        action: t("details.delete"),
        facts: [
          [t("people.title"), going.members],
          [t("server.auditMessages"), going.messages],
          [
            t("server.files"),
            going.files && `${count(going.files)}, ${fileSize(going.bytes, lang())}`,
          ],
        ],
      },
      async () => {
        await this.data?.command({ "room.delete": { room: room.room } });
        await this.load();
      },
    );
  }
}

// Internal

/** What people see instead of a name. @param {Room} room */
function titleOf({ name, people }) {
  return name || people.join(", ");
}

/** A conversation of two. @param {Room} room */
function isDirect({ name, members }) {
  return !name && members <= 2;
}

/** @param {Room} room */
function kindOf(room) {
  if (isDirect(room)) return t("room.direct");
  return t(room.visibility === "public" ? "details.public" : "details.private");
}

/** @param {Room} room */
function pictureOf(room) {
  if (isDirect(room)) return "person";
  return room.visibility === "public" ? "globe" : "lock";
}

/** @param {Room} room */
function nameCell(room) {
  const title = titleOf(room);
  return h(
    "span",
    { class: "person" },
    h("span", { class: "tile" }, icon(pictureOf(room), "small")),
    h(
      "span",
      { class: "who" },
      h("b", { lang: langOf(title) || null }, title || t("server.noName")),
      " ",
      h("small", null, room.owner ? `${room.room} · @${room.owner}` : room.room),
    ),
  );
}

/** @param {Room} room */
function kindCell(room) {
  const mode = { archived: "server.archived", "read-only": "server.readOnly" }[room.mode];
  return mode ? [kindOf(room), " ", h("span", { class: "tag" }, t(mode))] : [kindOf(room)];
}

/** @param {Room} room */
function lastCell({ last_message: time }) {
  return time
    ? h("time", { datetime: time, title: exact(time, locale()) }, short(time, locale()))
    : "–";
}

customElements.define("server-rooms", ServerRooms);
