/**
 * Above the composer: what programs have answered to slash commands, for their sender only, until it
 * is closed or the page is left. Nothing of it is stored.
 */
import { fill, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { langOf } from "../lib/text.js";

/** @import {MessageComposer} from "./message-composer.js" */
/**
 * @typedef {{place: string, command: string, content?: string, error?: string, unknown?: boolean}}
 *   Answer without content and error: it is being waited for
 */

/** Of more, the oldest go. */
const MOST = 20;

export class CommandAnswers extends HTMLElement {
  /** @type {MessageComposer|null} */
  composer = null;
  /** Formats a text. @type {(text: string) => (Node|string)[]} */
  nodes = (text) => [text];
  /** @type {Answer[]} */
  #answers = [];
  /** @type {Map<Answer, Element>} */
  #cards = new Map();
  #all = h(
    "button",
    { class: "button quiet close-all", type: "button", onclick: () => this.#closeAll() },
    t("command.closeAll"),
  );
  #life = new AbortController();

  // Lifecycle

  connectedCallback() {
    set(this, { role: "log", "aria-label": t("command.answers"), tabindex: "0" });
    const { signal } = (this.#life = new AbortController());
    const { composer } = this;
    // Whoever writes on has decided about what is no command.
    composer?.addEventListener("input", () => this.#withdraw(), { signal });
    composer?.addEventListener("message-send", () => this.#withdraw(), { signal });
    composer?.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    this.show();
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  // Actions

  /** Shows those of the place where the composer is. */
  show() {
    const shown = this.#here;
    this.hidden = shown.length === 0;
    fill(
      this,
      shown.map((answer) => this.#cards.get(answer)),
      shown.length > 1 && this.#all,
    );
    this.scrollTop = this.scrollHeight;
  }

  /** @param {Answer} answer @returns {Answer} */
  add(answer) {
    this.#answers = [...this.#answers, answer].slice(-MOST);
    this.#draw();
    return answer;
  }

  /** @param {Answer} old @param {Answer|null} answer */
  replace(old, answer) {
    this.#answers = this.#answers.flatMap((one) => {
      if (one !== old) return [one];
      return answer ? [answer] : [];
    });
    this.#draw();
  }

  /** What was written is no command: it can be posted. @param {Answer} answer */
  offer(answer) {
    this.#withdraw();
    this.add({ ...answer, unknown: true });
  }

  // Internal

  /** Those of the place where the composer is. */
  get #here() {
    const place = this.composer?.place;
    return this.#answers.filter((answer) => answer.place === place);
  }

  #withdraw() {
    const gone = this.#here.filter(({ unknown }) => unknown);
    if (gone.length === 0) return;
    this.#answers = this.#answers.filter((answer) => !gone.includes(answer));
    this.#draw();
  }

  #closeAll() {
    const gone = this.#here;
    this.#answers = this.#answers.filter((answer) => !gone.includes(answer));
    this.#draw();
    this.composer?.focus();
  }

  /** Escape closes the last one, unless it means something else. @param {KeyboardEvent} event */
  #pressed(event) {
    const last = this.#here.at(-1);
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || !last) return;
    event.preventDefault();
    this.#close(last);
  }

  #draw() {
    const kept = this.#answers.map(
      (answer) => /** @type {const} */ ([answer, this.#cards.get(answer) ?? this.#card(answer)]),
    );
    this.#cards = new Map(kept);
    this.show();
  }

  /** @param {Answer} answer */
  #close(answer) {
    this.replace(answer, null);
    this.composer?.focus();
  }

  /** @param {Answer} answer */
  #card(answer) {
    const { command, content, error, unknown } = answer;
    const waits = content === undefined && error === undefined && !unknown;
    const label = t("command.close");
    return h(
      "div",
      { class: "card", "data-command": command, "aria-busy": waits ? "true" : null },
      h(
        "div",
        { class: "spread" },
        h("b", null, command.startsWith("/") ? command : `/${command}`),
        h("span", { class: "meta truncate" }, t(waits ? "command.waiting" : "command.onlyYou")),
        h(
          "button",
          {
            class: "icon-button",
            type: "button",
            "aria-label": label,
            title: label,
            onclick: () => this.#close(answer),
          },
          icon("close"),
        ),
      ),
      content !== undefined &&
        h("div", { class: "text", lang: langOf(content) || null }, this.nodes(content)),
      error !== undefined && h("p", { class: "error" }, error),
      unknown && this.#offer(answer),
    );
  }

  /** @param {Answer} answer */
  #offer(answer) {
    const post = () => {
      this.replace(answer, null);
      this.composer?.post();
    };
    return h(
      "div",
      { class: "wrap" },
      h("p", null, t("command.unknown", { command: answer.command })),
      h("button", { class: "button post", type: "button", onclick: post }, t("command.post")),
    );
  }
}

customElements.define("command-answers", CommandAnswers);
