/** Rooms and people among the results of a search. Emits `place-open`. */
import { emit, fill, h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { PlaceSearch } from "../state/place-search.js";
import { placeParts } from "./place-row.js";

/** @import {Chat} from "../state/chat.js" */
/** @import {Found} from "../state/places.js" */

/** There is more in the switcher. */
const MOST = 6;

export class PlaceResults {
  section = h("section", { class: "places", hidden: true });
  #drawn;
  /** Made with the first search. @type {PlaceSearch|null} */
  #finder = null;
  #query = "";
  #shown = "";

  /** @param {() => void} drawn called when something was found or is there no longer */
  constructor(drawn) {
    this.#drawn = drawn;
  }

  // Actions

  /** @param {Chat} chat @param {string} query "" for none */
  async look(chat, query) {
    this.#finder ??= new PlaceSearch(chat);
    this.#query = query;
    this.#draw();
    await this.#finder.ask(query).catch(() => undefined);
    if (query === this.#query) this.#draw();
  }

  // Internal

  #draw() {
    const query = this.#query;
    const found = query ? (this.#finder?.find(query, MOST) ?? []) : [];
    const shown = JSON.stringify(found);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.section.hidden = found.length === 0;
    fill(
      this.section,
      h("h2", null, t("places.results")),
      h(
        "ul",
        null,
        found.map((place) => h("li", null, this.#row(place))),
      ),
    );
    this.#drawn();
  }

  /** @param {Found} place */
  #row(place) {
    const parts = placeParts(place);
    if (place.kind !== "person")
      return h("a", { class: "hit place pick", href: `#/${place.id}` }, parts);
    const onclick = () => emit(this.section, "place-open", place);
    return h("button", { class: "hit place pick", type: "button", onclick }, parts);
  }
}
