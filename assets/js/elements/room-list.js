/**
 * Left column: the server, my rooms (newest first), my profile. Emits `room-new`, `rooms-retry`,
 * `theme-switch`.
 */
import { emit, fill, h, setText, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { locale, parts, t } from "../lib/i18n.js";
import { keyed } from "../lib/keyed.js";
import { View } from "../lib/view.js";
import { langOf } from "../lib/text.js";
import { exact, short } from "../lib/time.js";
import { emptyState } from "./empty-state.js";
import { searchField } from "./search-field.js";
import { avatar } from "./user-avatar.js";

/** @import {RoomRow} from "../state/select.js" */
/** @import {User} from "../types.js" */

/**
 * @typedef {{rows: RoomRow[], ready: boolean, failed: boolean, me: User, online: boolean, dark:
 *   boolean}} Data
 */

/** @extends {View<Data>} */
export class RoomList extends View {
  #list = h("ul");
  #rooms = h("nav", { "aria-label": t("rooms.title") }, this.#list);
  #empty = emptyState({
    picture: "room",
    title: t("rooms.empty"),
    text: t("rooms.emptyHint"),
    actions: [h("a", { class: "button", href: "#/directory" }, t("directory.browse"))],
  });
  #failed = h(
    "div",
    { class: "problem wrap", role: "alert", hidden: true },
    h("p", null, t("rooms.failed")),
    h(
      "button",
      { class: "button", type: "button", onclick: () => emit(this, "rooms-retry") },
      t("send.retry"),
    ),
  );
  /** Until the list is there. */
  #waiting = h("div", { class: "waiting" }, this.#failed, Array.from({ length: 8 }, skeleton));
  #search = searchField("/", () => "");
  #face = avatar({ id: "", name: "", size: "m" });
  #name = h("span", { class: "truncate" });
  #theme = iconButton("moon", "", () => emit(this, "theme-switch"));

  // Lifecycle

  build() {
    this.setAttribute("aria-label", t("rooms.column"));
    this.append(
      h(
        "div",
        { class: "top" },
        h("span", { class: "logo" }, icon("logo")),
        h("h1", { class: "truncate" }, t("product")),
        h(
          "a",
          {
            class: "icon-button",
            href: "#/directory",
            "aria-label": t("directory.browse"),
            title: t("directory.browse"),
          },
          icon("compass"),
        ),
        iconButton("compose", t("rooms.new"), () => emit(this, "room-new"), "new-room"),
      ),
      this.#search.form,
      this.#rooms,
      h(
        "div",
        { class: "me" },
        h("a", { class: "pick", href: "#/profile" }, this.#face, this.#name),
        this.#theme,
        h(
          "a",
          {
            class: "icon-button",
            href: "#/profile",
            "aria-label": t("profile.title"),
            title: t("profile.title"),
          },
          icon("settings"),
        ),
      ),
      h(
        "button",
        {
          class: "icon-button solid new",
          type: "button",
          "aria-label": t("rooms.new"),
          onclick: () => emit(this, "room-new"),
        },
        icon("compose"),
      ),
    );
  }

  /** @param {Data} data */
  update({ rows, ready, failed, me, online, dark }) {
    if (ready) this.#waiting.remove();
    else if (!this.#waiting.isConnected) this.#rooms.append(this.#waiting);
    this.#failed.hidden = !failed;
    keyed(this.#list, rows, (row) => row.roomId, makeRow, changeRow);
    const empty = ready && rows.length === 0;
    if (empty !== this.#empty.isConnected) {
      if (empty) this.#rooms.append(this.#empty);
      else this.#empty.remove();
    }
    this.#face.face = {
      id: me.userId,
      name: me.name,
      size: "m",
      picture: me.media?.name,
      presence: online ? "here" : "offline",
    };
    fill(
      this.#name,
      me.name,
      h("span", { class: "meta" }, t(online ? "presence.online" : "presence.offline")),
    );
    const label = t(dark ? "theme.toLight" : "theme.toDark");
    if (this.#theme.title !== label)
      fill(set(this.#theme, { title: label, "aria-label": label }), icon(dark ? "sun" : "moon"));
  }

  // Actions

  search() {
    this.#search.input.focus();
  }
}

// Internal

/**
 * @param {string} picture
 * @param {string} label
 * @param {() => void} onclick
 * @param {string} [name]
 */
function iconButton(picture, label, onclick, name = "") {
  return h(
    "button",
    {
      class: `icon-button ${name}`.trim(),
      type: "button",
      "aria-label": label,
      title: label,
      onclick,
    },
    icon(picture),
  );
}

function skeleton() {
  const line = () => h("span", { class: "skeleton" });
  return h("div", { class: "row", "aria-hidden": "true" }, line(), line(), line());
}

/** @param {RoomRow} row */
function makeRow(row) {
  const face = avatar({ id: row.person ?? row.roomId, name: row.name });
  const name = h("span", { class: "name" }, h("span", { class: "truncate" }));
  const link = h(
    "a",
    { class: "row pick", href: `#/${row.roomId}` },
    face,
    name,
    h("time", { class: "meta" }),
    h("span", { class: "snippet truncate" }),
  );
  return h("li", null, link);
}

/**
 * @param {HTMLLIElement & {shown?: string}} node
 * @param {RoomRow} row
 */
function changeRow(node, row) {
  const time = short(row.at, locale());
  const key = JSON.stringify(row) + time;
  if (node.shown === key) return;
  node.shown = key;
  const [link] = node.children;
  const [face, name, when, snippet] = link.children;
  const title = row.name || t("rooms.alone");
  set(link, {
    class: `row pick${row.unread && !row.muted ? " unread" : ""}${row.muted ? " muted-room" : ""}`,
    "aria-current": row.current ? "page" : null,
  });
  /** @type {any} */ (face).face = row.person
    ? { id: row.person, name: title, picture: row.picture }
    : { id: row.roomId, name: title, kind: "room" };
  set(name, { lang: langOf(title) || null });
  setText(name.children[0], title);
  while (name.children.length > 1) name.lastElementChild?.remove();
  if (row.locked) name.append(icon("lock", "small"));
  if (row.muted)
    name.append(icon("muted", "small"), h("span", { class: "visually-hidden" }, t("rooms.muted")));
  setText(set(when, { datetime: row.at, title: exact(row.at, locale()) }), time);
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
        badge(row.muted ? "quiet" : "", "rooms.unread", row.unread),
      ),
    );
}

/** @param {RoomRow} row */
function snippetOf(row) {
  if (row.draft)
    return [
      h("span", { role: "img", "aria-label": t("rooms.draft") }, icon("edit", "small")),
      row.draft,
    ];
  if (row.empty) return [t("rooms.noMessages")];
  const text = row.snippet ?? t("message.deleted");
  if (row.mine) return parts("rooms.snippetMine", { text });
  return row.who
    ? parts("rooms.snippet", { name: h("b", { lang: langOf(row.who) || null }, row.who), text })
    : [text];
}

customElements.define("room-list", RoomList);
