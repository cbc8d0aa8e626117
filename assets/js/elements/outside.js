/**
 * What is seen of the page when it is not looked at: the title, its icon, and the number on the icon
 * of the installed page.
 */
import { t } from "../lib/i18n.js";
import { setIcon } from "../lib/identity.js";
import { roomName } from "../lib/names.js";
import { paced } from "../lib/pace.js";
import { totalUnread } from "../state/select.js";

/** @import {Room, State, User} from "../types.js" */

/** Between two changes, each of which costs more than a message. */
const APART_MS = 250;

export class Outside {
  #title = "";
  #unread = -1;
  #ended = false;
  #setTitle = paced(APART_MS, (/** @type {string} */ name) => {
    if (!this.#ended) document.title = name;
  });
  #setBadge = paced(APART_MS, (/** @type {number} */ unread) => {
    // Only where it is installed.
    if (!this.#ended) navigator.setAppBadge?.(unread).catch(() => undefined);
  });

  /** @param {State} state @param {Room|undefined} room @param {User} me */
  update(state, room, me) {
    const name = title(state, room, me);
    if (name !== this.#title) this.#setTitle(name);
    this.#title = name;
    const unread = totalUnread(state);
    if (unread === this.#unread) return;
    if (this.#unread < 0 || unread > 0 !== this.#unread > 0) setIcon(unread > 0);
    this.#unread = unread;
    this.#setBadge(unread);
  }

  /** The page has another title now. */
  end() {
    this.#ended = true;
  }
}

// Internal

/** @param {State} state @param {Room|undefined} room @param {User} me */
function title(state, room, me) {
  const unread = totalUnread(state);
  const name =
    room && state.route.page === "room"
      ? `${roomName(room, me.userId) || t("rooms.alone")} — `
      : "";
  return `${unread ? `(${unread}) ` : ""}${name}${state.server?.name || t("product")}`;
}
