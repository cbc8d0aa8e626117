/**
 * The column beside the conversation: the details of the room, or one of its threads. Each is
 * fetched when it is first shown.
 */
import { set } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { detailsOf, threadOf } from "./details-data.js";
import { lazy } from "./lazy.js";

/** @import {Room, State, User} from "../types.js" */
/** @import {ChatApp} from "./chat-app.js" */

/** @typedef {"room-details"|"thread-panel"} Side */

/**
 * What stands there, null: nothing.
 * @param {State} state
 * @param {Room|undefined} room
 * @returns {Side|null}
 */
export function sideOf({ detailsOpen, route }, room) {
  if (!room || route.page !== "room") return null;
  if (route.thread) return "thread-panel";
  return detailsOpen || route.details ? "room-details" : null;
}

export class SideColumn {
  #app;
  #main;
  /** What was fetched. @type {Map<Side, any>} */
  #elements = new Map();

  /** @param {ChatApp} app @param {Element} main what it stands beside */
  constructor(app, main) {
    this.#app = app;
    this.#main = main;
  }

  /**
   * @param {Side|null} side
   * @param {Room|undefined} room
   * @param {User} me
   * @param {boolean} alone nothing else is in view
   */
  update(side, room, me, alone) {
    for (const [tag, element] of this.#elements) {
      // While what has the focus is still there.
      if (tag !== side && !element.hidden) element.closed?.();
      set(element, { hidden: tag !== side, role: alone ? "main" : "complementary" });
    }
    if (!side || !room) return;
    const element = this.#elements.get(side);
    if (!element) this.#fetch(side);
    else if (side === "thread-panel") element.data = threadOf(this.#app);
    else element.data = detailsOf(this.#app, room, me);
  }

  // Internal

  /** @param {Side} side */
  #fetch(side) {
    lazy(side).then(
      () => {
        if (!this.#elements.has(side)) {
          const element = document.createElement(side);
          this.#elements.set(side, element);
          this.#main.after(element);
        }
        this.#app.update();
      },
      () => this.#app.showToast(t("error.offline")),
    );
  }
}
