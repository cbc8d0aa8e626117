/** The button to the end of the conversation, with the number of new messages there. */
import { fill, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";

export class JumpButton {
  element;
  #drawn = "";

  /** @param {() => void} onclick */
  constructor(onclick) {
    this.element = h("button", { class: "button jump", type: "button", onclick });
  }

  /** @param {boolean} shown @param {number} fresh number of new messages */
  draw(shown, fresh) {
    this.element.hidden = !shown;
    const drawn = String(fresh);
    if (!shown || drawn === this.#drawn) return;
    this.#drawn = drawn;
    set(this.element, {
      class: fresh ? "button primary jump" : "button jump",
      "aria-label": fresh ? null : t("messages.toEnd"),
    });
    fill(this.element, icon("down", "small"), fresh > 0 && t("messages.new", { n: fresh }));
  }
}
