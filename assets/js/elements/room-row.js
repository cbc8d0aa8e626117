/** Creates and updates the rows of my rooms, which elements/room-rows.js puts in order. */
import { emit, fill, h, setText, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { locale, parts, t } from "../lib/i18n.js";
import { langOf } from "../lib/text.js";
import { exact, short } from "../lib/time.js";
import { PRESENCE } from "../state/online.js";
import { lineNodes } from "./message-text.js";
import { statusMark } from "./status-mark.js";
import { avatar } from "./user-avatar.js";

/** @import {RoomRow} from "../state/room-rows.js" */

/** @typedef {HTMLLIElement & {row?: RoomRow, today?: string}} RowNode */

/**
 * @param {RoomRow} row
 * @returns {HTMLLIElement}
 */
export function makeRow(row) {
  const face = avatar({ id: row.person ?? row.roomId, name: row.name });
  const name = h("span", { class: "name" }, h("span", { class: "truncate" }));
  const link = h(
    "a",
    { class: "row pick", href: `#/${row.roomId}`, tabindex: "-1" },
    face,
    name,
    h("time", { class: "meta" }),
    h("span", { class: "snippet truncate" }),
  );
  return h("li", null, link, options(row.roomId));
}

/**
 * @param {RowNode} node
 * @param {RoomRow} row
 * @param {string} today the day, on which depends how a time is shown
 */
export function changeRow(node, row, today) {
  if (node.row === row && node.today === today) return;
  node.row = row;
  node.today = today;
  const [link] = node.children;
  set(node.children[1], {
    "aria-label": t("rooms.options", { room: row.name || t("rooms.alone") }),
  });
  const [face, name, when, snippet] = link.children;
  const title = row.name || t("rooms.alone");
  set(link, {
    class: `row pick${row.unread && !row.muted ? " unread" : ""}${row.muted ? " muted-room" : ""}`,
    "aria-current": row.current ? "page" : null,
  });
  /** @type {any} */ (face).face = row.person
    ? {
        id: row.person,
        name: title,
        picture: row.picture,
        presence: row.presence,
      }
    : { id: row.roomId, name: title, kind: "room" };
  set(name, { lang: langOf(title) || null });
  setText(name.children[0], title);
  while (name.children.length > 1) name.lastElementChild?.remove();
  name.append(...statusMark(row.status).slice(1));
  if (row.locked) name.append(icon("lock", "small"));
  if (row.presence && row.presence !== "offline") name.append(unseen(PRESENCE[row.presence]));
  if (row.archived) name.append(icon("archive", "small"), unseen("header.archived"));
  if (row.muted) name.append(icon("muted", "small"), unseen("rooms.muted"));
  setText(set(when, { datetime: row.at, title: exact(row.at, locale()) }), short(row.at, locale()));
  fill(set(snippet, { lang: langOf(row.draft || row.snippet) || null }), snippetOf(row));
  node.querySelector(".badges")?.remove();
  const badge = (
    /** @type {string} */ kind,
    /** @type {string} */ key,
    /** @type {number} */ n,
    sign = "",
  ) =>
    n > 0 &&
    h(
      "span",
      { class: `badge ${kind}`.trim(), "aria-label": t(key, { n }), role: "img" },
      `${sign}${n > 999 ? "999+" : n}`,
    );
  if (row.unread)
    link.append(
      h(
        "span",
        { class: "badges" },
        badge("mention", "rooms.mentions", row.mentions, "@"),
        badge(row.muted || row.quiet ? "quiet" : "", "rooms.unread", row.unread),
      ),
    );
}

// Internal

/** For those who do not see a sign. @param {string} key */
function unseen(key) {
  return h("span", { class: "visually-hidden" }, t(key));
}

/** Its menu; a right click on the row opens it as well. @param {string} roomId */
function options(roomId) {
  return h(
    "button",
    {
      class: "icon-button options",
      type: "button",
      tabindex: "-1",
      "aria-haspopup": "menu",
      onclick: (/** @type {Event} */ { currentTarget: at }) =>
        emit(/** @type {Element} */ (at), "room-options", { roomId, at }),
    },
    icon("more"),
  );
}

/** @param {RoomRow} row */
function snippetOf(row) {
  if (row.draft)
    return [
      h("span", { role: "img", "aria-label": t("rooms.draft") }, icon("edit", "small")),
      lineNodes(row.draft),
    ];
  if (row.empty) return [t("rooms.noMessages")];
  const line = row.snippet === null ? [t("message.deleted")] : lineNodes(row.snippet);
  if (!row.mine && !row.who) return line;
  const text = line.length === 1 && typeof line[0] === "string" ? line[0] : h("span", null, line);
  if (row.mine) return parts("rooms.snippetMine", { text });
  return parts("rooms.snippet", { name: h("b", { lang: langOf(row.who) || null }, row.who), text });
}
