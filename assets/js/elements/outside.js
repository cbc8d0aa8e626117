/**
 * What is seen of the page when it is not looked at: the title, its icon, and the number on the icon
 * of the installed page.
 */
import { setIcon, titleOf } from "../lib/identity.js";
import { paced } from "../lib/pace.js";
import { totalUnread } from "../state/select.js";

/** @import {State} from "../types.js" */

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

  /** @param {State} state @param {string} heading of what is shown */
  update(state, heading) {
    const unread = totalUnread(state);
    const name = titleOf(heading, state.server?.name, unread);
    if (name !== this.#title) this.#setTitle(name);
    this.#title = name;
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
