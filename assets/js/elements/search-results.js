/**
 * Search results: rooms and people by their names, then messages, newest first, each a link.
 * `search` and `chat` are handed down by chat-app. Emits `place-open`, `search-change`,
 * `search-leave`.
 */
import { errorText } from "../lib/errors.js";
import { emit, fill, h, setText, set } from "../lib/dom.js";
import { hitParts } from "../lib/hit-text.js";
import { icon } from "../lib/icons.js";
import { join, locale, t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { langOf } from "../lib/text.js";
import { typeAhead } from "../lib/type-ahead.js";
import { clock, day } from "../lib/time.js";
import { byDay, withPage } from "../state/hits.js";
import { searchOf } from "../state/search-words.js";
import "./custom-emoji.js";
import { emptyState } from "./empty-state.js";
import { hitLine } from "./hit-line.js";
import { placeOf, timeOf } from "./list-parts.js";
import { PlaceResults } from "./place-results.js";
import { avatar } from "./user-avatar.js";

/** @import {Hit} from "../types-own.js" */
/** @import {Found} from "../state/hits.js" */
/** @import {Asked} from "../state/search-words.js" */

/**
 * @typedef {object} Data
 * @property {string} query
 * @property {string} [within]
 * @property {{roomId: string, name: string}|null} room where one may search instead of everywhere
 * @property {(query: Asked & {before?: string, limit: number}) =>
 *   Promise<{messages: Hit[], cursor?: string}>} search
 * @property {import("../state/chat.js").Chat} chat
 * @property {(hit: Hit) => {author: string, picture?: string, room: string, direct: boolean}} about
 */

/** The pause in typing after which the server is asked. */
const QUIET_MS = 250;
const PAGE = 30;

/** @extends {View<Data>} */
export class SearchResults extends View {
  #input = h("input", {
    type: "search",
    "aria-label": t("search.messages"),
    placeholder: t("search.messages"),
    enterkeyhint: "search",
    autocomplete: "off",
  });
  #chips = h("span", { class: "wrap", role: "group", "aria-label": t("search.where") });
  #status = h("p", { class: "meta", role: "status" });
  #notice = h("p", { class: "notice", role: "alert", hidden: true });
  #places = new PlaceResults(() => this.#draw());
  #list = h("div");
  #more = h(
    "button",
    { class: "button", type: "button", onclick: () => this.#ask(true) },
    t("search.more"),
  );
  #hits = h(
    "div",
    {
      class: "hits",
      tabindex: "0",
      role: "region",
      "aria-label": t("search.results"),
      onscroll: () => {
        this.#top = this.#hits.scrollTop;
      },
    },
    this.#places.section,
    this.#list,
    this.#notice,
    this.#more,
  );
  /** @type {Found} */
  #found = { query: "", within: undefined, hits: [] };
  /** What the address asked for last, and what was typed into it here. */
  #address = "";
  #told = "";
  #top = 0;
  #asked = 0;
  #busy = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  // Lifecycle

  build() {
    this.append(
      h("h1", { class: "visually-hidden" }, t("search.title")),
      h(
        "div",
        { class: "bar" },
        h(
          "a",
          { class: "icon-button back", href: "#/rooms", "aria-label": t("header.back") },
          icon("back"),
        ),
        h(
          "form",
          {
            class: "search-field",
            role: "search",
            "aria-label": t("search.title"),
            onsubmit: (/** @type {Event} */ event) => {
              event.preventDefault();
              this.#typed();
            },
          },
          icon("search"),
          this.#input,
        ),
        h(
          "button",
          {
            class: "icon-button leave",
            type: "button",
            "aria-label": t("search.close"),
            title: t("search.close"),
            onclick: () => emit(this, "search-leave"),
          },
          icon("close"),
        ),
      ),
      h("div", { class: "filters wrap" }, this.#chips, this.#status),
      this.#hits,
    );
    this.#input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#typed(), QUIET_MS);
    });
    this.addEventListener("keydown", (event) => this.#pressed(event));
  }

  /** @param {AbortSignal} signal */
  subscribe(signal) {
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
    this.#input.value = this.#address = this.data?.query ?? "";
    this.#told = "";
    requestAnimationFrame(async () => {
      this.#hits.scrollTop = this.#top;
      const typed = await typeAhead.take();
      if (signal.aborted) return;
      if (typed) this.#input.value = typed;
      if (typed) this.#typed();
      // Where a keyboard would come up over the hits, they have the focus: arrow keys work in both.
      if (typed || !this.#found.hits.length || !matchMedia("(hover: none)").matches)
        this.#input.focus();
      else this.#hits.focus({ preventScroll: true });
    });
  }

  /** @param {Data} data */
  update({ query, within, room, chat }) {
    // What comes back from here is left as it is being typed; what back, forward and links say is
    // taken over.
    if (query !== this.#address && query !== this.#told) this.#input.value = query;
    this.#address = query;
    const change = (/** @type {string|undefined} */ where) => () =>
      emit(this, "search-change", { query: this.#input.value.trim(), within: where });
    const chip = (/** @type {string} */ label, /** @type {string|undefined} */ where) =>
      h(
        "button",
        {
          class: "chip truncate",
          type: "button",
          "aria-pressed": String(within === where),
          onclick: change(where),
        },
        label,
      );
    const shown = `${within} ${room?.roomId} ${room?.name}`;
    if (this.#chips.dataset.shown !== shown) {
      this.#chips.dataset.shown = shown;
      fill(this.#chips, chip(t("search.all"), undefined), room && chip(room.name, room.roomId));
      const what = within && room ? t("search.here", { room: room.name }) : t("search.messages");
      set(this.#input, { "aria-label": what, placeholder: what });
    }
    if (query !== this.#found.query || within !== this.#found.within) {
      this.#found = { query, within, hits: [] };
      this.#top = 0;
      this.#ask(false);
      this.#places.look(chat, within ? "" : query);
    }
    this.#draw();
  }

  // Actions

  /** What is typed next takes the place of what was. */
  focusField() {
    this.#input.focus();
    this.#input.select();
  }

  // Internal

  #typed() {
    clearTimeout(this.#timer);
    const { data } = this;
    const query = this.#input.value.trim();
    this.#told = query;
    if (data && query !== data.query) emit(this, "search-change", { query, within: data.within });
  }

  /** @param {boolean} older */
  async #ask(older) {
    const { data } = this;
    const { query, within, cursor } = this.#found;
    this.#asked += 1;
    const turn = this.#asked;
    this.#notice.hidden = true;
    this.#busy = Boolean(query);
    if (!data || !query) return;
    try {
      const page = await data.search({
        roomId: within,
        ...searchOf(query, data.chat.store.state),
        limit: PAGE,
        before: older ? cursor : undefined,
      });
      if (turn !== this.#asked) return;
      this.#found = withPage(this.#found, page);
    } catch (error) {
      if (turn !== this.#asked) return;
      fill(this.#notice, icon("warning", "small"), h("span", null, errorText(error))).hidden =
        false;
    }
    this.#busy = false;
    this.#draw();
  }

  #draw() {
    const { query, hits, cursor } = this.#found;
    const { data } = this;
    if (!data) return;
    const abouts = hits.map((hit) => data.about(hit));
    const places = !this.#places.section.hidden;
    const key = JSON.stringify([
      query,
      this.#busy,
      abouts,
      hits.length,
      this.#notice.hidden,
      places,
    ]);
    if (this.#list.dataset.shown === key) return;
    this.#list.dataset.shown = key;
    this.#more.hidden = !cursor;
    set(this.#more, { "aria-busy": this.#busy && hits.length ? "true" : null });
    setText(
      this.#status,
      !query || this.#busy || !this.#notice.hidden
        ? ""
        : t(cursor ? "search.newest" : "search.found", { n: hits.length }),
    );
    const focused = /** @type {HTMLElement|null} */ (
      document.activeElement?.closest("a.hit")
    )?.getAttribute("href");
    if (hits.length === 0) return void fill(this.#list, this.#nothing(query, places));
    const of = new Map(hits.map((hit, index) => [hit, abouts[index]]));
    fill(
      this.#list,
      byDay(hits)
        .map(({ at, hits: list }) => [
          h("h2", null, day(at, locale())),
          h(
            "ul",
            null,
            list.map((hit) =>
              h("li", null, row(hit, /** @type {ReturnType<Data["about"]>} */ (of.get(hit)))),
            ),
          ),
        ])
        .flat(),
    );
    if (focused)
      /** @type {HTMLElement|null} */ (this.#list.querySelector(`a.hit[href="${focused}"]`))?.focus(
        { preventScroll: true },
      );
  }

  /** @param {string} query @param {boolean} places something else was found */
  #nothing(query, places) {
    if (!query)
      return emptyState({
        picture: "search",
        title: t("search.start"),
        text: join(t("search.startHint"), t("search.filters")),
      });
    if (this.#busy || !this.#notice.hidden || places) return null;
    return emptyState({ picture: "search", title: t("search.none"), text: t("search.noneHint") });
  }

  /** Escape leaves; arrows go from hit to hit. @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.preventDefault();
      emit(this, "search-leave");
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const all = /** @type {HTMLElement[]} */ ([...this.#hits.querySelectorAll(".hit")]);
      const now = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
      const next = now + (event.key === "ArrowDown" ? 1 : -1);
      event.preventDefault();
      if (next < 0) this.#input.focus();
      else all[next]?.focus();
    }
  }
}

// Internal

/** @param {Hit} hit @param {ReturnType<Data["about"]>} about */
function row(hit, { author, picture, room, direct }) {
  const name = author || t("person.deleted");
  const { snippet, content, highlights = [] } = hit;
  const text = hitLine(hitParts({ snippet, highlights, content: content ?? snippet }));
  return h(
    "a",
    {
      class: "hit pick media",
      href: `#/${hit.roomId}/${hit.messageId}${hit.threadId ? "/thread" : ""}`,
    },
    avatar({ id: hit.userId, name, picture }),
    h(
      "div",
      null,
      h(
        "p",
        { class: "who wrap" },
        h("b", { lang: langOf(name) || null }, name),
        placeOf({ room, direct }),
        hit.threadId &&
          h("span", { class: "meta in-thread" }, icon("thread", "small"), t("search.inThread")),
      ),
      h("p", { class: "said", lang: langOf(hit.snippet) || null, dir: "auto" }, text.flat()),
    ),
    timeOf(hit.createdAt, clock),
  );
}

customElements.define("search-results", SearchResults);
