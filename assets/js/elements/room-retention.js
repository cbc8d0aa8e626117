/** How long the messages of a room are kept, as a sentence. */
import { h, setText } from "../lib/dom.js";
import { join, t } from "../lib/i18n.js";
import { View } from "../lib/view.js";

/** @typedef {{days: number, keepPinned: boolean}} Data days: more than zero */

/** @extends {View<Data>} */
export class RoomRetention extends View {
  #text = h("p", { class: "meta" });

  // Lifecycle

  build() {
    this.append(this.#text);
  }

  /** @param {Data} data */
  update({ days, keepPinned }) {
    const kept = t("details.keptDays", { n: days });
    setText(this.#text, join(kept, keepPinned && t("details.keptPinned")));
  }
}

customElements.define("room-retention", RoomRetention);
