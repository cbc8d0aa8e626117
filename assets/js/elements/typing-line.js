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
    const sentence =
      names.length === 1
        ? parts("typing.one", { name: a })
        : names.length === 2
          ? parts("typing.two", { a, b })
          : parts("typing.many", { n: names.length });
    fill(
      this,
      h("span", { "aria-hidden": "true" }, h("i"), h("i"), h("i")),
      h("span", { class: "truncate" }, sentence),
    );
  }
}

customElements.define("typing-line", TypingLine);
