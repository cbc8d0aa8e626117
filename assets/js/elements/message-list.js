/**
 * The conversation: a window of the timeline, moved as one scrolls. Only what is near the view is
 * in the DOM. Emits `history-need`, `history-retry`, `quote-need`, `end-seen`.
 */
import { emit, fill, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { keyed } from "../lib/keyed.js";
import { View } from "../lib/view.js";
import { anchorOf, isAtEnd, restore } from "../lib/scroll.js";
import { buildRows } from "../state/rows.js";
import { firstUnread, indexOfSeq, messageById } from "../state/timeline.js";
import { changeRow, makeRow } from "./message-rows.js";

/** @import {Conversation, Row} from "../state/rows.js" */

/**
 * @typedef {Omit<Conversation, "low"|"high"|"unreadSeq"> & {roomId: string, title: string, visitSeq:
 *   number, target?: string, empty: Element|null}} Data
 */

/**
 * Messages in the DOM: at most, on opening, added at a time; how close to the edge of them is near.
 */
const MOST = 240;
const FIRST = 80;
const STEP = 60;
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
      onscroll: () => this.#scrolled(),
    },
    this.#items,
  );
  #jump = h("button", { class: "button jump", type: "button", onclick: () => this.#jumped() });
  #roomId = "";
  #low = 0;
  #high = Infinity;
  #target = "";
  /** The last seq when the reader was at the end; what is higher is new. */
  #seen = 0;
  #placed = false;
  #atEnd = false;
  /** Over the first message shown stands what is not fetched yet. */
  #gapAbove = false;
  #frame = 0;
  /** @type {Set<string>} */
  #quotes = new Set();

  // Lifecycle

  build() {
    this.append(this.#scroll, this.#jump);
    this.#scroll.addEventListener("keydown", (event) => this.#moved(event));
    this.#scroll.addEventListener("click", (event) => {
      // The address does not change when the same quote is followed again.
      const quote = /** @type {Element} */ (event.target).closest("a.quote");
      if (quote?.getAttribute("href") === location.hash) this.#aim(location.hash.split("/")[2]);
    });
  }

  /** @param {AbortSignal} signal */
  subscribe(signal) {
    for (const type of ["click", "keydown"])
      document.addEventListener(type, () => this.#clearTarget(), { signal, capture: true });
  }

  /** @param {Data} data */
  update(data) {
    if (data.roomId !== this.#roomId) this.#opened(data);
    const { timeline } = data;
    const stick = this.#high === Infinity && isAtEnd(this.#scroll);
    if (stick && timeline.messages.length - indexOfSeq(timeline.messages, this.#low) > MOST)
      this.#low = this.#seqAt(-FIRST);
    this.#takeOlder(timeline.messages);
    const unreadSeq = firstUnread(timeline, data.visitSeq, data.unreadCount);
    const rows = buildRows({ ...data, low: this.#low, high: this.#high, unreadSeq });
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
    this.#emptyState(data.empty);
    set(this.#scroll, {
      "aria-label": t("messages.label", { room: data.title }),
      "aria-live": this.#placed && stick ? "polite" : "off",
    });
    for (const row of rows) this.#needQuote(row);
    if (!this.#placed && timeline.loaded) this.#place(unreadSeq);
    if (data.target && data.target !== this.#target) this.#aim(data.target);
    this.#scrolled();
  }

  // Actions

  focus() {
    this.#scroll.focus();
  }

  toEnd() {
    this.#low = this.#seqAt(-FIRST);
    this.#high = Infinity;
    if (this.data) this.update(this.data);
    this.#scroll.scrollTop = 0;
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
    this.#roomId = roomId;
    this.#low = 0;
    this.#high = Infinity;
    this.#target = "";
    this.#seen = 0;
    this.#placed = this.#gapAbove = false;
    this.#quotes.clear();
    keyed(this.#items, [], () => "", makeRow);
    this.#scroll.scrollTop = 0;
  }

  /**
   * The first page is there: at the unread line, when it does not fit on the screen, else at the
   * end.
   * @param {number|undefined} unreadSeq
   */
  #place(unreadSeq) {
    this.#placed = true;
    this.#seen = (unreadSeq ?? this.#seqAt(-1) + 1) - 1;
    this.#low = Math.min(this.#seqAt(-FIRST), unreadSeq ?? Infinity);
    if (this.data && this.#low > 0) this.update(this.data);
    this.#scroll.scrollTop = 0;
    const line = this.#items.querySelector(".unread");
    if (line && line.getBoundingClientRect().top < this.#scroll.getBoundingClientRect().top)
      line.scrollIntoView({ block: "start" });
  }

  /** @param {string} messageId */
  #aim(messageId) {
    const { timeline } = /** @type {Data} */ (this.data);
    const found = messageById(timeline, messageId);
    if (!found) return;
    this.#target = messageId;
    if (!this.#placed) this.#seen = this.#seqAt(-1);
    this.#placed = true;
    const index = indexOfSeq(timeline.messages, found.seq);
    this.#low = timeline.messages[Math.max(0, index - FIRST / 2)].seq;
    const last = timeline.messages[index + FIRST / 2];
    this.#high = last ? last.seq : Infinity;
    this.update(/** @type {Data} */ (this.data));
    const node = this.#items.querySelector(`[data-seq="${found.seq}"]`);
    node?.classList.add("is-target");
    node?.scrollIntoView({ block: "center" });
    /** @type {HTMLElement|null} */ (node)?.focus({ preventScroll: true });
  }

  #clearTarget() {
    this.#items.querySelector(".is-target")?.classList.remove("is-target");
  }

  #scrolled() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#widen();
      this.#tellEnd();
    });
  }

  /**
   * What was fetched takes the place of its gap in the same change: a list that is shorter for a
   * moment loses its place.
   * @param {import("../types.js").Message[]} messages
   */
  #takeOlder(messages) {
    const index = indexOfSeq(messages, this.#low);
    if (!this.#gapAbove || !this.#placed || messages[index - 1]?.seq !== messages[index]?.seq - 1)
      return;
    this.#goOlder(messages, index);
  }

  /**
   * Moves the window up; what lies far below the view is let go.
   * @param {import("../types.js").Message[]} messages
   * @param {number} low index of the first message shown
   */
  #goOlder(messages, low) {
    const high = this.#high === Infinity ? messages.length - 1 : indexOfSeq(messages, this.#high);
    this.#low = messages[Math.max(0, low - STEP)].seq;
    if (high - low + STEP > MOST && this.#scroll.scrollTop < -2 * NEAR_PX)
      this.#high = messages[Math.min(high, low - STEP + MOST)]?.seq ?? Infinity;
  }

  /** Moves the window when its edge is near, and asks for what is missing near the view. */
  #widen() {
    const { data } = this;
    if (!data || !this.#placed) return;
    const { messages } = data.timeline;
    const { scrollTop, scrollHeight, clientHeight } = this.#scroll;
    const low = indexOfSeq(messages, this.#low);
    const high = this.#high === Infinity ? messages.length - 1 : indexOfSeq(messages, this.#high);
    if (scrollHeight - clientHeight + scrollTop < NEAR_PX && low > 0) {
      this.#goOlder(messages, low);
      return this.update(data);
    }
    if (-scrollTop < NEAR_PX && this.#high !== Infinity) {
      const next = messages[high + STEP];
      this.#high = next ? next.seq : Infinity;
      if (high - low + STEP > MOST)
        this.#low = messages[Math.max(low, high + STEP - MOST)]?.seq ?? this.#low;
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
    const atEnd = this.#placed && this.#high === Infinity && isAtEnd(this.#scroll);
    const last = data.timeline.messages.at(-1)?.seq ?? 0;
    if (atEnd) this.#seen = last;
    const fresh = atEnd
      ? 0
      : data.timeline.messages.length - indexOfSeq(data.timeline.messages, this.#seen + 1);
    this.#jump.hidden = atEnd || !this.#placed;
    set(this.#jump, {
      class: fresh ? "button primary jump" : "button jump",
      "aria-label": fresh ? null : t("messages.toEnd"),
    });
    fill(this.#jump, icon("down", "small"), fresh > 0 && t("messages.new", { n: fresh }));
    if (atEnd !== this.#atEnd || atEnd) emit(this, "end-seen", { roomId: data.roomId, atEnd });
    this.#atEnd = atEnd;
  }

  /** @param {Row} row */
  #needQuote(row) {
    if (row.kind !== "message" || !row.quote || row.quote.author || row.quote.text !== null) return;
    const { messageId } = row.quote;
    if (this.#quotes.has(messageId)) return;
    this.#quotes.add(messageId);
    emit(this, "quote-need", messageId);
  }

  /** @param {Element|null} empty */
  #emptyState(empty) {
    const shown = this.#scroll.querySelector("empty-state");
    if (empty && !shown) this.#scroll.append(empty);
    if (!empty) shown?.remove();
  }

  /** @param {number} index from the end when negative */
  #seqAt(index) {
    const messages = this.data?.timeline.messages ?? [];
    return messages.at(Math.max(index, -messages.length))?.seq ?? 0;
  }

  /** Arrow keys go from message to message. @param {KeyboardEvent} event */
  #moved(event) {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    const all = [...this.#items.querySelectorAll("message-item")];
    const now = all.indexOf(
      /** @type {Element} */ (document.activeElement?.closest("message-item")),
    );
    const next = now < 0 ? all.length - 1 : event.key === "ArrowUp" ? now - 1 : now + 1;
    if (!all[next]) return;
    event.preventDefault();
    /** @type {HTMLElement} */ (all[next]).focus();
  }
}

customElements.define("message-list", MessageList);
