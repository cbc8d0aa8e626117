/** The log of the server, followed live while the page is open. */
import { readLog } from "../api/log.js";
import { errorText } from "../lib/errors.js";
import { fill, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";

/** @import {LogLine} from "../api/log.js" */
/** @import {Data} from "./server-page.js" */

const LEVELS = ["error", "warn", "info", "debug"];
const MOST_LINES = 300;
const AGAIN_MS = 3000;

/** @extends {View<Data>} */
export class ServerLog extends View {
  #follow = h("input", {
    class: "switch",
    type: "checkbox",
    role: "switch",
    id: "follow-log",
    checked: true,
    onchange: () => this.#read(),
  });
  #level = h(
    "select",
    { class: "input small", "aria-label": t("server.minLevel"), onchange: () => this.#read() },
    LEVELS.map((level) =>
      h("option", { value: level, selected: level === "info" }, level.toUpperCase()),
    ),
  );
  tools = h(
    "div",
    { class: "wrap" },
    h("label", { for: "follow-log" }, t("server.follow")),
    this.#follow,
    this.#level,
  );
  #lines = h("div", {
    class: "log frame",
    role: "log",
    "aria-live": "off",
    "aria-label": t("server.log"),
    tabindex: "0",
  });
  #note = h("p", { class: "notice", role: "alert", hidden: true });
  #reading = new AbortController();

  // Lifecycle

  build() {
    fill(this.#lines, h("p", { class: "meta" }, t("server.waiting")));
    this.append(this.#note, this.#lines);
  }

  /** @param {AbortSignal} signal */
  subscribe(signal) {
    signal.addEventListener("abort", () => this.#reading.abort());
    this.#read();
  }

  // Internal

  async #read() {
    this.#reading.abort();
    if (!this.#follow.checked) return;
    const { signal } = (this.#reading = new AbortController());
    while (!signal.aborted) {
      try {
        this.#note.hidden = true;
        await readLog(this.#level.value, (lines) => this.#add(lines), signal);
      } catch (error) {
        if (signal.aborted) return;
        fill(
          this.#note,
          icon("warning", "small"),
          h("span", null, error instanceof TypeError ? t("error.offline") : errorText(error)),
        ).hidden = false;
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  /** @param {LogLine[]} lines */
  #add(lines) {
    const { scrollTop, scrollHeight, clientHeight } = this.#lines;
    const atEnd = scrollTop + clientHeight >= scrollHeight - 8;
    this.#lines.querySelector(".meta")?.remove();
    this.#lines.append(
      ...lines.map(({ time, level, user, room, message }) =>
        set(
          h(
            "p",
            null,
            h("time", { datetime: time }, time),
            " ",
            h("b", null, level.toUpperCase()),
            " ",
            [user, room].filter(Boolean).map((name) => `[${name}] `),
            message,
          ),
          { "data-level": level.toLowerCase() },
        ),
      ),
    );
    while (this.#lines.childElementCount > MOST_LINES) this.#lines.firstElementChild?.remove();
    if (atEnd) this.#lines.scrollTop = this.#lines.scrollHeight;
  }
}

customElements.define("server-log", ServerLog);
