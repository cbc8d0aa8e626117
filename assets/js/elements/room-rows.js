/**
 * The list of my rooms: only rows near the view are in the DOM. Arrow keys go from row to row, one
 * of which is in the tab order. No row moves while somebody points at the list.
 */
import { h, set } from "../lib/dom.js";
import { keyed } from "../lib/keyed.js";
import { rowAfterKey, rowsNear, topFor } from "../lib/list-window.js";
import { today } from "../lib/time.js";
import { keptInOrder, neighbour } from "../state/room-rows.js";
import { isSection } from "../state/sections.js";
import { changeRow, makeRow } from "./room-row.js";
import { changeSection, makeSection } from "./section-row.js";

/** @import {RoomRow} from "../state/room-rows.js" */
/** @import {ListRow} from "../state/sections.js" */
/** @import {RowNode} from "./room-row.js" */

export class RoomRows {
  #list = h("ul");
  #scroller;
  /** Newest first. @type {RoomRow[]} */
  #newest = [];
  /** The same, in the order in which they stand. @type {RoomRow[]} */
  #standing = [];
  /** As they stand, with the headings of sections. @type {ListRow[]} */
  #rows = [];
  /** Divides the rooms into sections. @type {(rows: RoomRow[]) => ListRow[]} */
  #divide = (rows) => rows;
  /** Read in events only, when the layout is known. */
  #view = { top: 0, height: innerHeight, row: 52 };
  /** The room whose row had the focus last. */
  #focused = "";
  #current = "";
  /** A mouse is over the list. */
  #pointed = false;

  /** @param {HTMLElement} scroller holds nothing else of this height */
  constructor(scroller) {
    this.#scroller = scroller;
    scroller.append(this.#list);
    this.#list.addEventListener("keydown", (event) => this.#pressed(event));
    this.#list.addEventListener("focusin", (event) => this.#entered(event));
  }

  // Lifecycle

  /** @param {AbortSignal} signal */
  subscribe(signal) {
    const options = { signal, passive: true };
    const scrolled = () => {
      this.#view.top = this.#scroller.scrollTop;
      this.#draw();
    };
    // After the element has let go of the pointer or the focus.
    const left = () => requestAnimationFrame(() => this.show(this.#newest, this.#divide));
    this.#scroller.addEventListener("scroll", scrolled, options);
    // A finger leaves no pointer behind.
    const entered = (/** @type {PointerEvent} */ event) => {
      this.#pointed = event.pointerType === "mouse";
    };
    this.#scroller.addEventListener("pointerenter", entered, options);
    this.#scroller.addEventListener(
      "pointerleave",
      () => {
        this.#pointed = false;
        left();
      },
      options,
    );
    this.#list.addEventListener("focusout", left, options);
    const resized = new ResizeObserver(([{ contentRect }]) => {
      const row = parseFloat(getComputedStyle(this.#scroller).getPropertyValue("--row"));
      this.#view = { ...this.#view, height: contentRect.height, row: row || this.#view.row };
      this.#draw();
    });
    resized.observe(this.#scroller);
    signal.addEventListener("abort", () => resized.disconnect());
  }

  // Actions

  /**
   * @param {RoomRow[]} newest newest first
   * @param {(rows: RoomRow[]) => ListRow[]} divide
   */
  show(newest, divide) {
    this.#standing = this.#held() ? keptInOrder(newest, this.#standing) : newest;
    this.#newest = newest;
    this.#divide = divide;
    const rows = divide(this.#standing);
    this.#rows = rows;
    const at = rows.findIndex((row) => !isSection(row) && row.current);
    const current = rows[at]?.roomId ?? "";
    // However a room was opened, its row is in view.
    if (current && current !== this.#current) this.#scrollTo(at);
    this.#current = current;
    this.#draw();
  }

  /** @param {1|-1} step @param {boolean} unread */
  neighbour(step, unread) {
    const rooms = this.#rows.flatMap((row) => (isSection(row) ? [] : [row]));
    return neighbour(rooms, this.#current, step, unread);
  }

  // Internal

  /** Somebody points at the list, or goes through it by keyboard. */
  #held() {
    const active = document.activeElement;
    const byKeyboard = active && this.#list.contains(active) && active.matches(":focus-visible");
    return byKeyboard || this.#pointed;
  }

  #draw() {
    const rows = this.#rows;
    const day = today();
    const stop = this.#stop();
    const indexes = rowsNear(this.#view, rows.length, [stop]);
    const place = new Map(indexes.map((index) => [rows[index].roomId, index]));
    this.#list.style.setProperty("--rows", String(rows.length));
    set(this.#list, { class: rows[0] && isSection(rows[0]) ? "sections" : null });
    keyed(
      this.#list,
      indexes.map((index) => rows[index]),
      (row) => row.roomId,
      (row) => (isSection(row) ? makeSection() : makeRow(row)),
      (/** @type {RowNode} */ node, row) => {
        const index = /** @type {number} */ (place.get(row.roomId));
        if (isSection(row)) changeSection(node, row);
        else changeRow(node, row, day);
        put(node, index, rows.length);
        set(node.children[0], { tabindex: index === stop ? "0" : "-1" });
      },
    );
  }

  /** The row in the tab order: where the focus was, else the open room, else the first. */
  #stop() {
    const of = (/** @type {string} */ id) => this.#rows.findIndex((row) => row.roomId === id);
    const found = this.#focused ? of(this.#focused) : of(this.#current);
    return found < 0 ? this.#rows.findIndex((row) => !isSection(row)) : found;
  }

  /** @param {number} index */
  #scrollTo(index) {
    const top = topFor(this.#view, index);
    if (top === this.#view.top) return;
    this.#scroller.scrollTop = this.#view.top = top;
  }

  /** @param {FocusEvent} event */
  #entered({ target }) {
    const found = /** @type {HTMLElement|null} */ (
      /** @type {Element} */ (target).closest("a.row, [data-section]")
    );
    const { section } = found?.dataset ?? {};
    this.#focused = section ? `section ${section}` : (found?.getAttribute("href")?.slice(2) ?? "");
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const at = this.#rows.findIndex((row) => row.roomId === this.#focused);
    const next = rowAfterKey(event.key, at, this.#rows.length, this.#view);
    if (next === undefined) return;
    event.preventDefault();
    this.#focused = this.#rows[next].roomId;
    this.#scrollTo(next);
    this.#draw();
    /** @type {HTMLElement|null} */ (this.#list.querySelector("[tabindex='0']"))?.focus({
      preventScroll: true,
    });
  }
}

// Internal

/**
 * @param {RowNode & {at?: number, of?: number}} node
 * @param {number} at
 * @param {number} of
 */
function put(node, at, of) {
  // No property of our own: those are inherited, and the whole row would get its styles again.
  if (node.at !== at) node.style.setProperty("translate", `0 calc(${at} * var(--row))`);
  if (node.at !== at || node.of !== of)
    set(node, { "aria-posinset": String(at + 1), "aria-setsize": String(of) });
  node.at = at;
  node.of = of;
}
