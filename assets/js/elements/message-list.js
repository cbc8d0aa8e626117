/**
 * The conversation: a window of the timeline that moves while scrolling. Only messages near the
 * view are in the DOM. Emits `history-need`, `history-retry`, `history-spare`, `history-first`,
 * `history-day`, `quote-need`, `end-seen`.
 */
import { emit, h, set } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { copyMessages } from "../lib/copied.js";
import { keyed } from "../lib/keyed.js";
import { View } from "../lib/view.js";
import { anchorOf, isAtEnd, moveFocus, restore } from "../lib/scroll.js";
import { buildRows } from "../state/rows.js";
import { firstUnread, messageAt, messageById } from "../state/timeline.js";
import { Target } from "../state/target.js";
import * as windows from "../state/window.js";
import { DayChip } from "./day-chip.js";
import { showEmpty } from "./empty-state.js";
import { JumpButton } from "./jump-button.js";
import { changeRow, makeRow } from "./message-rows.js";
import { ReadingPlaces } from "./reading-places.js";

/** @import {People} from "../lib/mentions.js" */
/** @import {Previews} from "./link-previews.js" */
/** @import {MessageItem} from "./message-item.js" */
/** @import {Conversation, Row} from "../state/rows.js" */

/**
 * @typedef {Omit<Conversation, "low"|"high"|"unreadSeq"> & {roomId: string, title: string, people:
 *   People, visitSeq:
 *   number, kept: boolean, target?: string, previews?: Previews, threads?: any, empty: Element|null}} Data
 */

/** How near an edge of the window is when more is added. */
const NEAR_PX = 900;

/** @extends {View<Data>} */
export class MessageList extends View {
  #items = h("div", { class: "items" });
  #scroll = h(
    "div",
    {
      class: "scroll",
      id: "messages",
      tabindex: "0",
      role: "log",
      "aria-live": "off",
      onscroll: () => {
        this.#measure();
        this.#scrolled();
      },
    },
    this.#items,
  );
  #jump = new JumpButton(() => this.#jumped());
  #chip = new DayChip((day) => emit(this, "history-day", day));
  #roomId = "";
  #places = new ReadingPlaces();
  #window = windows.ALL;
  #target = new Target();
  /** The last seq when the reader was at the end; what is higher is new. */
  #seen = 0;
  #placed = false;
  /** What an earlier visit has left is shown; with the first page, the place is found anew. */
  #kept = false;
  #atEnd = false;
  /** Whether the end is in view. Measured when it is scrolled: reading it after a change is slow. */
  #isAtEnd = true;
  /** Over the first message shown stands what is not fetched yet. */
  #gapAbove = false;
  #frame = 0;
  /** There may be too few messages at an edge of the view. */
  #mayWiden = false;
  /** The first row that was drawn. */
  #firstRow = "";
  /** The message that had the focus last. @type {Element|null} */
  #active = null;
  /** @type {Set<string>} */
  #quotes = new Set();

  // Lifecycle

  build() {
    this.append(this.#scroll, this.#chip.element, this.#jump.element);
    this.#scroll.addEventListener("keydown", (event) => this.#moved(event));
    this.#items.addEventListener("copy", copyMessages);
    this.#scroll.addEventListener("click", (event) => {
      // The address does not change when the same quote is followed again.
      const quote = /** @type {Element} */ (event.target).closest("a:is(.quote, .at)");
      if (quote?.getAttribute("href") === location.hash) this.#aim(location.hash.split("/")[2]);
    });
  }

  /** @param {AbortSignal} signal */
  subscribe(signal) {
    const unmark = () => this.#items.querySelector(".is-target")?.classList.remove("is-target");
    for (const type of ["click", "keydown"])
      document.addEventListener(type, unmark, { signal, capture: true });
    document.addEventListener("focusin", ({ target }) => this.#activate(target), { signal });
    this.#measure();
  }

  /** @param {Data} data */
  update(data) {
    if (data.roomId !== this.#roomId) this.#opened(data);
    const { timeline } = data;
    if (this.#kept && !data.kept && this.#isAtEnd) this.#placed = false;
    this.#kept = data.kept;
    const stick = this.#window.high === Infinity && this.#isAtEnd;
    if (stick) this.#window = windows.trimmed(this.#window, timeline.messages);
    else if (this.#mayDropNewest()) this.#window = windows.upTo(this.#window, timeline.messages);
    // What was fetched takes the place of its gap in the same change: a list that is shorter for a
    // moment loses its place.
    const joined = this.#gapAbove && this.#placed;
    if (joined && windows.joinsOlder(this.#window, timeline.messages)) this.#goOlder();
    const unreadSeq = firstUnread(timeline, data.visitSeq, data.unreadCount);
    const rows = buildRows({ ...data, ...this.#window, unreadSeq });
    const anchor = stick ? null : anchorOf(this.#scroll, this.#items);
    keyed(
      this.#items,
      rows,
      (row) => row.key,
      makeRow,
      (node, row) => changeRow(node, row, data),
    );
    restore(this.#scroll, anchor);
    this.#gapAbove = rows[0]?.kind === "gap";
    // At the end, what is added below the view leaves the upper edge as far away as it was.
    const first = rows[0]?.key ?? "";
    const widens = !stick || !this.#placed || first !== this.#firstRow || this.#gapAbove;
    this.#firstRow = first;
    showEmpty(this.#scroll, data.empty);
    set(this.#scroll, {
      "aria-label": t("messages.label", { room: data.title }),
      "aria-live": this.#placed && stick ? "polite" : "off",
    });
    for (const row of rows) this.#needQuote(row);
    // Whoever opens a room at a message is not taken to its end first.
    if (this.#target.isDue(timeline, data.target)) this.#aim(data.target ?? "");
    else if (!this.#placed && timeline.loaded) this.#place(unreadSeq);
    if (windows.hasSpare(timeline.messages)) emit(this, "history-spare", this.#window);
    this.#scrolled(widens);
  }

  // Actions

  focus() {
    this.#scroll.focus();
  }

  toEnd() {
    this.#window = windows.atEnd(this.#messages);
    this.#isAtEnd = true;
    if (this.data) this.update(this.data);
    this.#scroll.scrollTop = 0;
  }

  /** To the first messages of the room, when they are held. */
  toStart() {
    this.#goTo(this.#messages[0]?.seq ?? 0);
    this.#scroll.scrollTop = -this.#scroll.scrollHeight;
    this.#measure();
  }

  /** To the first message of a day. @param {number} seq */
  toDay(seq) {
    const node = this.#goTo(seq);
    (node?.previousElementSibling?.closest(".day") ?? node)?.scrollIntoView({ block: "start" });
    this.#measure();
  }

  // Internal

  /** To the unread line first, when it is still below; else to the end. */
  #jumped() {
    const line = this.#items.querySelector(".unread");
    if (line && line.getBoundingClientRect().top > this.#scroll.getBoundingClientRect().bottom)
      line.scrollIntoView({ block: "start" });
    else this.toEnd();
  }

  /** @param {Data} data */
  #opened({ roomId }) {
    if (this.#roomId && this.#placed)
      this.#places.keep(this.#roomId, this.#atEnd, this.#scroll, this.#items);
    this.#roomId = roomId;
    this.#window = windows.ALL;
    this.#target.clear();
    this.#seen = 0;
    this.#placed = this.#gapAbove = false;
    this.#quotes.clear();
    keyed(this.#items, [], () => "", makeRow);
    this.#scroll.scrollTop = 0;
    this.#isAtEnd = true;
  }

  /**
   * The first page is there: at the unread line, when it does not fit on the screen, else at the
   * end.
   * @param {number|undefined} unreadSeq
   */
  #place(unreadSeq) {
    this.#placed = true;
    if (!unreadSeq && this.#returned()) return;
    this.#seen = unreadSeq ? unreadSeq - 1 : windows.lastSeq(this.#messages);
    this.#window = windows.fromUnread(this.#messages, unreadSeq);
    if (this.data && this.#window.low > 0) this.update(this.data);
    this.#scroll.scrollTop = 0;
    const line = this.#items.querySelector(".unread");
    if (line && line.getBoundingClientRect().top < this.#scroll.getBoundingClientRect().top)
      line.scrollIntoView({ block: "start" });
    this.#measure();
  }

  /** @param {string} messageId */
  #aim(messageId) {
    const { timeline } = /** @type {Data} */ (this.data);
    const found = messageById(timeline, messageId);
    if (!found) return;
    this.#target.reach(timeline, messageId);
    const node = this.#goTo(found.seq);
    node?.unfold();
    node?.classList.add("is-target");
    node?.scrollIntoView({ block: "center" });
    this.#measure();
  }

  /** Draws what is around a message, which gets the focus. @param {number} seq */
  #goTo(seq) {
    if (!this.#placed) this.#seen = /** @type {Data} */ (this.data).lastSeq;
    this.#placed = true;
    this.#isAtEnd = false;
    this.#window = windows.around(this.#messages, seq);
    this.update(/** @type {Data} */ (this.data));
    /** @type {MessageItem|null} */
    const node = this.#items.querySelector(`[data-seq="${seq}"]`);
    node?.focus({ preventScroll: true });
    return node;
  }

  /** Goes back to where the reader was. @returns {boolean} false when that is not known, or not held */
  #returned() {
    const place = this.#places.of(this.#roomId);
    if (!place || !messageAt(/** @type {Data} */ (this.data).timeline, place.seq)) return false;
    this.#seen = /** @type {Data} */ (this.data).lastSeq;
    this.#isAtEnd = false;
    this.#window = windows.around(this.#messages, place.seq);
    this.update(/** @type {Data} */ (this.data));
    this.#places.restore(place, this.#scroll, this.#items);
    this.#measure();
    return true;
  }

  #measure() {
    this.#isAtEnd = isAtEnd(this.#scroll);
  }

  /** @param {boolean} [widens] */
  #scrolled(widens = true) {
    this.#mayWiden ||= widens;
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#mayWiden) {
        this.#mayWiden = false;
        this.#widen();
      }
      this.#tellEnd();
      this.#chip.follow(this.#scroll, this.#items);
    });
  }

  /** While somebody reads older messages, the newest ones are far below the view. */
  #mayDropNewest() {
    const tooMany = windows.isTooLong(this.#window, this.#messages);
    return this.#placed && tooMany && this.#isFarFromEnd();
  }

  #isFarFromEnd() {
    return this.#scroll.scrollTop < -2 * NEAR_PX;
  }

  /** Moves the window up; what lies far below the view is dropped. */
  #goOlder() {
    this.#window = windows.older(this.#window, this.#messages, this.#isFarFromEnd());
  }

  /** Moves the window when its edge is near, and asks for what is missing near the view. */
  #widen() {
    const { data } = this;
    if (!data || !this.#placed) return;
    const { scrollTop, scrollHeight, clientHeight } = this.#scroll;
    const nearTop = scrollHeight - clientHeight + scrollTop < NEAR_PX;
    if (nearTop && windows.hasOlder(this.#window, this.#messages)) {
      this.#goOlder();
      return this.update(data);
    }
    if (-scrollTop < NEAR_PX && this.#window.high !== Infinity) {
      this.#window = windows.newer(this.#window, this.#messages);
      return this.update(data);
    }
    this.#needGaps();
  }

  #needGaps() {
    const view = this.#scroll.getBoundingClientRect();
    for (const node of this.#items.querySelectorAll(".gap-row:not([data-failed])")) {
      const box = node.getBoundingClientRect();
      if (box.bottom < view.top - NEAR_PX || box.top > view.bottom + NEAR_PX) continue;
      const { range } = /** @type {import("./message-rows.js").GapNode} */ (node).row;
      emit(this, "history-need", {
        gap: range,
        direction: box.bottom < view.top + view.height / 2 ? "older" : "newer",
      });
    }
  }

  #tellEnd() {
    const { data } = this;
    if (!data) return;
    const atEnd = this.#placed && this.#window.high === Infinity && this.#isAtEnd;
    if (atEnd) this.#seen = windows.lastSeq(this.#messages);
    // By seq, which has no holes: not all of them need to be held.
    const fresh = atEnd ? 0 : Math.max(0, windows.lastSeq(this.#messages) - this.#seen);
    this.#jump.draw(!atEnd && this.#placed, fresh);
    if (atEnd !== this.#atEnd || atEnd) emit(this, "end-seen", { roomId: data.roomId, atEnd });
    this.#atEnd = atEnd;
  }

  /**
   * The message that has the focus keeps its tools, to which the focus returns, while a dialog about
   * it is open.
   * @param {EventTarget|null} target
   */
  #activate(target) {
    if (!(target instanceof Element)) return;
    const item = target.closest("message-item");
    if (item === this.#active || (!item && target.closest("dialog, [popover]"))) return;
    this.#active?.classList.remove("is-active");
    item?.classList.add("is-active");
    this.#active = item;
  }

  /** @param {Row} row */
  #needQuote(row) {
    if (row.kind !== "message" || !row.quote || row.quote.author || row.quote.text !== null) return;
    const { messageId } = row.quote;
    if (this.#quotes.has(messageId)) return;
    this.#quotes.add(messageId);
    emit(this, "quote-need", messageId);
  }

  get #messages() {
    return this.data?.timeline.messages ?? [];
  }

  /** Arrow keys, Home and End go from message to message. @param {KeyboardEvent} event */
  #moved(event) {
    if (event.key === "End") this.toEnd();
    else if (event.key === "Home") emit(this, "history-first");
    else return moveFocus(this.#items, event);
    event.preventDefault();
  }
}

customElements.define("message-list", MessageList);
