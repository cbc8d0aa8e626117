/** Who is typing. Always takes its line. */
import { fill, h } from "../lib/dom.js";
import { parts } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { langOf } from "../lib/text.js";

/** @extends {View<string[]>} names */
export class TypingLine extends View {
  #shown = "";

  // Lifecycle

  build() {
    this.setAttribute("aria-live", "polite");
  }

  /** @param {string[]} names */
  update(names) {
    const key = names.length > 2 ? String(names.length) : names.join("\n");
    if (key === this.#shown) return;
    this.#shown = key;
    if (names.length === 0) return void fill(this);
    const [a, b] = names.map((name) => h("span", { lang: langOf(name) || null }, name));
    const sentence = sentenceOf(names.length, a, b);
    fill(
      this,
      h("span", { "aria-hidden": "true" }, h("i"), h("i"), h("i")),
      h("span", { class: "truncate" }, sentence),
    );
  }
}

// Internal

/** @param {number} n @param {Node} a @param {Node} b @returns {(Node|string|number)[]} */
function sentenceOf(n, a, b) {
  if (n === 1) return parts("typing.one", { name: a });
  return n === 2 ? parts("typing.two", { a, b }) : parts("typing.many", { n });
}

customElements.define("typing-line", TypingLine);
