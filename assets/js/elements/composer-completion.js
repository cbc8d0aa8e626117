/** Completion in the composer: watches the word at the caret, and fetches the list when there is a first one. */
import { set } from "../lib/dom.js";
import { completed, tokenAt } from "../state/complete.js";
import { later } from "./later.js";

/** @import {Candidate, Token} from "../state/complete.js" */
/** @import {TextCompletion} from "./text-completion.js" */

const pen = document.createElement("canvas").getContext("2d");

export class ComposerCompletion {
  /** @type {TextCompletion|null} */
  #list = null;
  /** @type {Token|null} */
  #token = null;
  /** Where the last one was left with Escape: it stays closed there. */
  #left = -1;
  #host;
  #field;
  #changed;
  /** Asked for only when somebody is mentioned. @type {() => Candidate[]} */
  people = () => [];

  /**
   * @param {HTMLElement} host
   * @param {HTMLTextAreaElement} field
   * @param {() => void} changed the text was completed
   */
  constructor(host, field, changed) {
    this.#host = host;
    this.#field = field;
    this.#changed = changed;
    field.addEventListener("blur", () => this.#show(null));
    field.addEventListener("click", () => this.refresh());
    field.addEventListener("keyup", (event) => event.key.startsWith("Arrow") && event.key !== "ArrowUp" && event.key !== "ArrowDown" && this.refresh());
  }

  // Actions

  async refresh() {
    const token = this.#field.selectionStart === this.#field.selectionEnd ? tokenAt(this.#field.value, this.#field.selectionStart) : null;
    if (!token) this.#left = -1;
    if (token && !this.#list) {
      await later("text-completion").catch(() => undefined);
      if (!customElements.get("text-completion")) return;
      if (!this.#list) this.#make();
      // More was typed meanwhile.
      return this.#show(tokenAt(this.#field.value, this.#field.selectionStart));
    }
    this.#show(token);
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} the key was for the list
   */
  pressed(event) {
    if (!this.#list?.active || event.ctrlKey || event.altKey || event.metaKey) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") this.#list.move(event.key === "ArrowDown" ? 1 : -1);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) this.#list.choose();
    else if (event.key === "Escape") {
      this.#left = this.#token?.start ?? -1;
      this.#show(null);
    } else return false;
    event.preventDefault();
    this.#tell();
    return true;
  }

  // Internal

  #make() {
    this.#list = /** @type {TextCompletion} */ (document.createElement("text-completion"));
    this.#list.addEventListener("complete-choose", (event) => this.#choose(/** @type {CustomEvent<string>} */ (event).detail));
    this.#host.append(this.#list);
    set(this.#field, { "aria-autocomplete": "list", "aria-controls": "completion" });
  }

  /** @param {Token|null} token */
  #show(token) {
    this.#token = token && token.start !== this.#left && document.activeElement === this.#field ? token : null;
    if (!this.#list) return;
    this.#list.show(this.#token, this.#token?.kind === "person" ? this.people() : []);
    if (this.#token) this.#host.style.setProperty("--caret", `${this.#offset(this.#token.start)}px`);
    this.#tell();
  }

  #tell() {
    set(this.#field, { "aria-activedescendant": this.#list?.active || null });
  }

  /** @param {string} insert */
  #choose(insert) {
    if (!this.#token) return;
    const { text, caret } = completed(this.#field.value, this.#field.selectionStart, this.#token, insert);
    this.#field.value = text;
    this.#field.setSelectionRange(caret, caret);
    this.#show(null);
    this.#changed();
  }

  /** About where the mark stands: the width of its line before it. @param {number} start */
  #offset(start) {
    const line = this.#field.value.slice(this.#field.value.lastIndexOf("\n", start - 1) + 1, start);
    if (!pen) return 0;
    pen.font = getComputedStyle(this.#field).font;
    const left = this.#field.getBoundingClientRect().left - this.#host.getBoundingClientRect().left;
    return left + pen.measureText(line).width % this.#field.clientWidth;
  }
}
