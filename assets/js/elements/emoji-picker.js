/**
 * A popover with all emoji: those used last, those of the server, then by category; a search by name, a skin tone. Arrow
 * keys go through the grid, which is one stop of the Tab key.
 */
import { customEmoji } from "../lib/custom-emoji.js";
import { emit, fill, h, set, setText } from "../lib/dom.js";
import { loadEmoji, withTone } from "../lib/emoji.js";
import {
  keepEmoji,
  keepSkinTone,
  newestVersion,
  recentEmoji,
  skinTone,
} from "../lib/emoji-used.js";
import { moveInGrid } from "../lib/grid.js";
import { lang, t } from "../lib/i18n.js";
import { icon } from "../lib/icons.js";
import { place } from "../lib/popover.js";
import { findEmoji } from "../state/completion.js";
import { button, COLUMNS, plain, section, shown } from "./emoji-cells.js";

/** @import {Emoji} from "../lib/emoji.js" */
/** @import {Place} from "../lib/popover.js" */

/** The picture of each category. */
const GROUPS = {
  recent: "🕘",
  custom: "⭐",
  smileys: "😀",
  people: "👋",
  nature: "🐻",
  food: "🍎",
  travel: "🚗",
  activities: "⚽",
  objects: "💡",
  symbols: "🔣",
  flags: "🏁",
};
const HAND = "✋";
const TONES = [0, 1, 2, 3, 4, 5];
const FOUND_MOST = 200;

export class EmojiPicker extends HTMLElement {
  /** @type {(glyph: string) => void} */
  #choose = () => {};
  /** Only emoji that every program knows. */
  #standard = false;
  /** Those that can be drawn here. @type {Emoji[]} */
  #all = [];
  #search = h("input", {
    type: "search",
    "aria-label": t("emoji.search"),
    placeholder: t("emoji.search"),
    autocomplete: "off",
    oninput: () => this.#find(),
  });
  #tone = h("button", { class: "icon-button", type: "button", onclick: () => this.#showTones() });
  #tones = h("div", {
    class: "tones",
    role: "radiogroup",
    "aria-label": t("emoji.tone"),
    hidden: true,
  });
  #tabs = h("nav", { "aria-label": t("emoji.groups") });
  #scroll = h("div", {
    class: "scroll",
    onscroll: () => this.#markTab(),
    onclick: (/** @type {Event} */ event) => this.#clicked(event),
    onpointerover: (/** @type {Event} */ event) => this.#preview(event.target),
    onfocusin: (/** @type {Event} */ event) => this.#preview(event.target),
  });
  #picture = h("span", { class: "picture", "aria-hidden": "true" });
  #name = h("span", { class: "truncate" });
  #code = h("span", { class: "meta truncate" });
  #none = h("p", { class: "meta none", role: "status" });
  #sheet = h(
    "div",
    {
      class: "popover",
      popover: "auto",
      role: "dialog",
      "aria-label": t("completion.emoji"),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#pressed(event),
    },
    h("div", { class: "head" }, h("div", { class: "search-field" }, this.#search), this.#tone),
    this.#tones,
    this.#tabs,
    this.#scroll,
    this.#none,
    h("p", { class: "foot" }, this.#picture, this.#name, this.#code),
  );

  // Lifecycle

  connectedCallback() {
    this.append(this.#sheet);
  }

  // Actions

  /**
   * @param {Place} at
   * @param {(glyph: string) => void} choose
   * @param {boolean} [standard] without those of the server
   */
  async open(at, choose, standard = false) {
    this.#choose = choose;
    this.#standard = standard;
    this.#search.value = "";
    this.#tones.hidden = true;
    this.#sheet.showPopover();
    place(this.#sheet, at, "above");
    this.#search.focus();
    try {
      const custom = customEmoji.need(this).catch(() => undefined);
      const all = await loadEmoji(lang());
      const newest = newestVersion();
      await custom;
      const own = standard ? [] : customEmoji.asEmoji();
      this.#all = [...own, ...all.filter(({ version }) => version <= newest)];
      this.#none.textContent = "";
      this.#draw();
      this.#find();
      place(this.#sheet, at, "above");
    } catch {
      this.#none.textContent = t("error.offline");
    }
  }

  // Internal

  /** All of them, by category. */
  #draw() {
    const tone = skinTone();
    const byGlyph = new Map(this.#all.map((emoji) => [emoji.glyph, emoji]));
    const used = recentEmoji()
      .map((glyph) => ({ glyph, emoji: byGlyph.get(plain(glyph)) }))
      .filter(({ glyph, emoji }) => emoji || !glyph.startsWith(":"));
    const sections = Object.keys(GROUPS).flatMap((group) => {
      const buttons =
        group === "recent"
          ? used.map(({ glyph, emoji }) => button(glyph, emoji))
          : this.#all
              .filter((emoji) => emoji.group === group)
              .map((emoji) => button(shown(emoji, tone), emoji));
      if (group === "custom" && customEmoji.mayAdd && !this.#standard) buttons.push(this.#adder());
      return buttons.length ? [section(group, buttons)] : [];
    });
    fill(this.#scroll, sections);
    fill(
      this.#tabs,
      sections.map(({ dataset }) => this.#tab(dataset.group ?? "")),
    );
    set(this.#tone, { "aria-label": t("emoji.tone"), title: t("emoji.tone") });
    fill(this.#tone, withTone(HAND, tone));
    this.#stop();
    this.#markTab();
  }

  /** @param {string} group */
  #tab(group) {
    const label = t(`emoji.${group}`);
    const onclick = () => {
      this.#search.value = "";
      this.#find();
      const there = /** @type {HTMLElement} */ (this.#section(group));
      this.#scroll.scrollTop = there.offsetTop - this.#scroll.offsetTop;
      there.querySelector("button")?.focus({ preventScroll: true });
    };
    return h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "data-group": group,
        "aria-label": label,
        title: label,
        onclick,
      },
      GROUPS[/** @type {keyof typeof GROUPS} */ (group)],
    );
  }

  /** @param {string} group */
  #section(group) {
    return this.#scroll.querySelector(`section[data-group="${group}"]`);
  }

  /** Which category is in view. */
  #markTab() {
    const top = this.#scroll.scrollTop + this.#scroll.offsetTop + 1;
    const sections = /** @type {HTMLElement[]} */ ([...this.#scroll.children]);
    const now = sections.findLast((one) => !one.hidden && one.offsetTop <= top)?.dataset.group;
    for (const tab of /** @type {Iterable<HTMLElement>} */ (this.#tabs.children))
      set(tab, { "aria-current": tab.dataset.group === now ? "true" : null });
  }

  /** What was found stands in a section of its own, in place of the others. */
  #find() {
    const query = this.#search.value.trim();
    this.#section("found")?.remove();
    for (const one of /** @type {Iterable<HTMLElement>} */ (this.#scroll.children))
      one.hidden = query !== "";
    const found = query ? findEmoji(this.#all, query, FOUND_MOST) : [];
    const tone = skinTone();
    if (found.length)
      this.#scroll.append(
        section(
          "found",
          found.map((emoji) => button(shown(emoji, tone), emoji)),
        ),
      );
    this.#scroll.scrollTop = 0;
    setText(this.#none, query && !found.length && this.#all.length ? t("emoji.none") : "");
    this.#stop();
    this.#preview(query ? this.#grid()[0]?.[0] : null);
    this.#markTab();
  }

  /** The buttons in view, by section. @returns {HTMLElement[][]} */
  #grid() {
    const sections = /** @type {HTMLElement[]} */ ([...this.#scroll.children]);
    return sections
      .filter(({ hidden }) => !hidden)
      .map((one) => /** @type {HTMLElement[]} */ ([...one.querySelectorAll("button")]));
  }

  /** The one stop of the Tab key. @param {HTMLElement} [button] */
  #stop(button = this.#grid()[0]?.[0]) {
    const before = this.#scroll.querySelector("button[tabindex='0']");
    if (before) set(before, { tabindex: "-1" });
    if (button) set(button, { tabindex: "0" });
  }

  /** @param {Event} event */
  #clicked({ target }) {
    const glyph = /** @type {Element} */ (target).closest("button")?.dataset.glyph;
    if (!glyph) return;
    this.#sheet.hidePopover();
    keepEmoji(glyph);
    this.#choose(glyph);
  }

  /** @param {EventTarget|null|undefined} target */
  #preview(target) {
    const found = target instanceof Element ? target.closest("button") : null;
    fill(this.#picture, [...(found?.cloneNode(true).childNodes ?? [])]);
    setText(this.#name, found?.title ?? "");
    setText(this.#code, found?.dataset.code ? `:${found.dataset.code}:` : "");
  }

  /** Enter in the search takes the first. @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const grid = this.#grid();
    const active = /** @type {HTMLElement} */ (document.activeElement);
    const from = grid
      .map((buttons, index) => ({ section: index, index: buttons.indexOf(active) }))
      .find(({ index }) => index >= 0);
    if (active === this.#search) {
      if (event.key === "Enter") grid[0]?.[0]?.click();
      else if (event.key === "ArrowDown") this.#go(grid[0]?.[0]);
      else return;
      return event.preventDefault();
    }
    if (!from || !/^(?:Arrow|Home|End)/u.test(event.key)) return;
    event.preventDefault();
    const to = moveInGrid(
      grid.map(({ length }) => length),
      from,
      event.key,
      COLUMNS,
    );
    if (to) this.#go(grid[to.section][to.index]);
    else this.#search.focus();
  }

  /** The way to custom emoji of one's own. */
  #adder() {
    const label = t("emoji.add");
    const onclick = () => {
      this.#sheet.hidePopover();
      emit(this, "emoji-manage");
    };
    return h(
      "button",
      { type: "button", class: "add", tabindex: "-1", "aria-label": label, title: label, onclick },
      icon("add"),
    );
  }

  /** @param {HTMLElement|undefined} button */
  #go(button) {
    if (!button) return;
    this.#stop(button);
    button.focus();
  }

  #showTones() {
    const now = skinTone();
    fill(
      this.#tones,
      TONES.map((tone) =>
        h(
          "button",
          {
            class: "icon-button",
            type: "button",
            role: "radio",
            "aria-checked": String(tone === now),
            "aria-label": t(`emoji.tone${tone}`),
            title: t(`emoji.tone${tone}`),
            onclick: () => this.#takeTone(tone),
          },
          withTone(HAND, tone),
        ),
      ),
    );
    this.#tones.hidden = !this.#tones.hidden;
    /** @type {HTMLElement|null} */ (this.#tones.querySelector("[aria-checked=true]"))?.focus();
  }

  /** @param {number} tone */
  #takeTone(tone) {
    keepSkinTone(tone);
    this.#tones.hidden = true;
    this.#draw();
    this.#find();
    this.#search.focus();
  }
}

customElements.define("emoji-picker", EmojiPicker);
