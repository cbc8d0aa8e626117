/**
 * A short name in a message, or a reaction: the picture of the custom emoji of that name, and as
 * long as there is none, the text that it is. The text is there before this file is
 * (elements/message-text.js).
 */
import { customEmoji, nameIn } from "../lib/custom-emoji.js";
import { fill, h } from "../lib/dom.js";

export class CustomEmoji extends HTMLElement {
  /** With its colons. */
  #text = "";
  /** What is shown, "" for the text. */
  #shown = "";

  // Lifecycle

  connectedCallback() {
    this.#text ||= this.textContent ?? "";
    customEmoji.addEventListener("change", this.#draw);
    customEmoji.need(this).catch(() => undefined);
    this.#draw();
  }

  disconnectedCallback() {
    customEmoji.removeEventListener("change", this.#draw);
  }

  // Internal

  #draw = () => {
    const src = customEmoji.pictureOf(nameIn(this.#text));
    if (src === this.#shown) return;
    this.#shown = src;
    if (!src) return void fill(this, this.#text);
    const alt = this.#text;
    fill(this, h("img", { src, alt, title: alt, draggable: "false" }));
  };
}

customElements.define("custom-emoji", CustomEmoji);
