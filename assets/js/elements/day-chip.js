/** The day of the messages at the top of the view, and a way to another day. */
import { h, set, setText } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { locale, t } from "../lib/i18n.js";
import { anchorOf } from "../lib/scroll.js";
import { day, dayKey } from "../lib/time.js";

/** @import {MessageItem} from "./message-item.js" */

/** Reading the layout costs, and messages may come with every frame. */
const SOON_MS = 200;

export class DayChip {
  #name = h("span");
  #input = h("input", {
    type: "date",
    class: "visually-hidden",
    tabindex: "-1",
    "aria-hidden": "true",
    onchange: () => this.#input.value && this.#chosen(this.#input.value),
  });
  #button = h(
    "button",
    { class: "button", type: "button", title: t("messages.toDay"), onclick: () => this.#ask() },
    this.#name,
    icon("down", "small"),
  );
  element = h("div", { class: "day-chip", hidden: true }, this.#button, this.#input);
  #chosen;
  #at = "";
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #soon;

  /** @param {(day: string) => void} chosen is given a day like 2025-11-21 */
  constructor(chosen) {
    this.#chosen = chosen;
  }

  /**
   * Shows the day of the first message in view, unless its heading is in view too.
   * @param {Element} scroller
   * @param {Element} list
   */
  follow(scroller, list) {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#show(scroller, list);
    }, SOON_MS);
  }

  // Internal

  /** @param {Element} scroller @param {Element} list */
  #show(scroller, list) {
    const first = /** @type {MessageItem|undefined} */ (anchorOf(scroller, list)?.node);
    const at = first?.data?.row.at;
    this.element.hidden = !at || startsDay(first, scroller);
    if (!at || this.element.hidden) return;
    this.#at = at;
    const name = day(at, locale());
    setText(this.#name, name);
    set(this.#button, { "aria-label": t("messages.dayAndJump", { day: name }) });
  }

  #ask() {
    set(this.#input, { value: dayKey(this.#at), max: dayKey(new Date().toISOString()) });
    this.#input.showPicker();
  }
}

// Internal

/** Is the heading of its day in view, right over the message? @param {MessageItem} message @param {Element} scroller */
function startsDay(message, scroller) {
  const before = message.previousElementSibling;
  const heading = before?.querySelector("time") && before.matches(".day, .unread");
  return Boolean(heading) && isIn(/** @type {Element} */ (before), scroller);
}

/** @param {Element} element @param {Element} scroller */
function isIn(element, scroller) {
  return element.getBoundingClientRect().top >= scroller.getBoundingClientRect().top;
}
