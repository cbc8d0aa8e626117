/**
 * A room in the address that is not mine: one that I lost, a public one that I can join, or none.
 * What I was writing in it is offered. Emits `room-join`.
 */
import { emit, fill, h, set } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { langOf } from "../lib/text.js";
import "../lib/more-icons.js";
import { emptyState } from "./empty-state.js";

/** @import {Room} from "../types.js" */

/**
 * @typedef {{roomId: string, room: Room|null, lost: {name: string, why: "removed"|"deleted"}|null,
 *   written: string}} Data
 */

/** @extends {View<Data>} */
export class RoomAbsent extends View {
  #shown = "";

  /** @param {Data} data */
  update(data) {
    const key = JSON.stringify(data);
    if (key === this.#shown) return;
    this.#shown = key;
    const { lost, room, roomId, written } = data;
    const joinable = room && !room.archived;
    const [title, text] = lost ? wordsOfLost(lost) : wordsOf(room);
    const join = h(
      "button",
      {
        class: "button primary join",
        type: "button",
        onclick: () => emit(this, "room-join", roomId),
      },
      t("directory.join"),
    );
    const state = emptyState({
      picture: room && !lost ? "globe" : "room",
      title,
      text,
      heading: "h1",
      actions: [
        ...(joinable ? [join] : []),
        h("a", { class: "button", href: "#/rooms" }, t("header.back")),
      ],
    });
    const head = state.querySelector("h1");
    if (head && room && !lost) set(head, { lang: langOf(room.name) || null });
    if (written) state.append(unsent(written));
    fill(this, state);
  }
}

// Internal

/** @param {{name: string, why: "removed"|"deleted"}} lost */
function wordsOfLost({ name, why }) {
  const room = name || t("rooms.alone");
  return [t(`absent.${why}`, { room }), t(`absent.${why}Hint`)];
}

/** @param {Room|null} room */
function wordsOf(room) {
  if (!room) return [t("room.missing"), t("room.missingHint")];
  if (room.archived) return [room.name ?? room.roomId, t("absent.archived")];
  const people = t("header.people", { n: room.userCount });
  return [room.name ?? room.roomId, room.topic ? `${room.topic} · ${people}` : people];
}

/** What was written and not sent, to take it elsewhere. @param {string} written */
function unsent(written) {
  const text = h("textarea", {
    class: "input",
    id: "unsent",
    readonly: true,
    rows: 4,
    value: written,
  });
  const copy = h(
    "button",
    {
      class: "button copy",
      type: "button",
      onclick: () => {
        text.select();
        // The newer interface is only there on https.
        if (document.execCommand("copy")) fill(copy, t("absent.copied"));
      },
    },
    t("absent.copy"),
  );
  return h(
    "div",
    { class: "field unsent" },
    h("label", { for: "unsent" }, t("absent.written")),
    text,
    copy,
  );
}

customElements.define("room-absent", RoomAbsent);
