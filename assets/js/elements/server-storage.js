/** The data of the server: how much there is, and its maintenance. */
import { fill, h } from "../lib/dom.js";
import { ApiError, errorText } from "../lib/errors.js";
import { section } from "../lib/form.js";
import { icon } from "../lib/icons.js";
import { count, lang, t } from "../lib/i18n.js";
import { fileSize } from "../lib/media.js";
import { View } from "../lib/view.js";

/** @import {Data} from "./server-page.js" */

/** Work on the data that takes a while, with what it says when it is done. */
const WORK = /** @type {const} */ ({
  "db.check": "server.dbCheck",
  "db.vacuum": "server.dbVacuum",
  "db.reindex": "server.dbReindex",
});

/** @extends {View<Data>} */
export class ServerStorage extends View {
  #content = h("dl", { class: "figures frame" });
  #files = h("dl", { class: "figures frame" });
  #disk = section(t("server.database"), null, this.#files);
  #note = h("p", { class: "notice", role: "alert", hidden: true });
  #said = h("p", { class: "meta", role: "status" });
  #problems = h("ul", { class: "frame findings", hidden: true });

  // Lifecycle

  build() {
    this.append(
      this.#note,
      section(t("server.content"), null, this.#content),
      this.#disk,
      section(
        t("server.upkeep"),
        null,
        h(
          "ul",
          { class: "frame work" },
          Object.entries(WORK).map(([command, text]) => this.#work(command, text)),
        ),
        this.#said,
        this.#problems,
      ),
    );
  }

  subscribe() {
    queueMicrotask(() => this.#load());
  }

  // Internal

  async #load() {
    try {
      const [stats] = (await this.data?.command({ "db.stats": {} })) ?? [];
      if (stats) this.#drawContent(stats);
      this.#note.hidden = true;
    } catch (error) {
      fill(this.#note, icon("warning", "small"), h("span", null, errorText(error))).hidden = false;
    }
    try {
      const [status] = (await this.data?.command({ "db.status": {} })) ?? [];
      if (status) this.#drawFiles(status);
    } catch {
      // Data that several servers share is in no file of this one.
      this.#disk.hidden = true;
    }
  }

  /** @param {any} stats */
  #drawContent(stats) {
    figures(this.#content, {
      [t("server.users")]: count(stats.users),
      [t("server.rooms")]: count(stats.public_rooms + stats.private_rooms),
      [t("server.auditMessages")]: count(stats.messages - stats.deleted_messages),
      [t("server.messagesDay")]: count(stats.messages_day),
      [t("server.files")]: count(stats.media),
      [t("server.filesSize")]: fileSize(stats.media_bytes, lang()),
    });
  }

  /** @param {any} status */
  #drawFiles(status) {
    const size = (/** @type {number} */ bytes) => fileSize(bytes, lang());
    figures(this.#files, {
      [t("server.dbSize")]: size(status.bytes),
      [t("server.dbLog")]: size(status.wal_bytes),
      [t("server.dbSearch")]: size(status.search_bytes),
      [t("server.dbFree")]: size(status.free_pages * status.page_bytes),
    });
  }

  /** @param {string} command @param {string} text */
  #work(command, text) {
    const button = h(
      "button",
      {
        class: `button ${command.replace(".", "-")}`,
        type: "button",
        onclick: () => this.#do(command, button),
      },
      t(`${text}Action`),
    );
    return h(
      "li",
      null,
      h("span", { class: "who" }, h("b", null, t(text)), h("small", null, t(`${text}Hint`))),
      button,
    );
  }

  /** @param {string} command @param {HTMLElement} button */
  async #do(command, button) {
    if (button.getAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    fill(this.#said);
    try {
      const items = (await this.data?.command({ [command]: {} })) ?? [];
      this.#done(command, items);
    } catch (error) {
      const why = error instanceof ApiError ? error.message : errorText(error);
      fill(this.#said, why);
    }
    button.removeAttribute("aria-busy");
    await this.#load();
  }

  /** @param {string} command @param {any[]} items */
  #done(command, items) {
    const problems = command === "db.check" ? items : [];
    const bytes = items[0]?.bytes ?? 0;
    const said = {
      "db.check": () => t("server.dbProblems", { n: problems.length }),
      "db.vacuum": () => t("server.dbFreed", { size: fileSize(bytes, lang()) }),
      "db.reindex": () => t("server.dbReindexed"),
    };
    fill(this.#said, said[/** @type {keyof typeof WORK} */ (command)]());
    fill(
      this.#problems,
      problems.map(({ problem }) =>
        h("li", { lang: "en", "data-status": "fail" }, icon("warning"), h("span", null, problem)),
      ),
    ).hidden = problems.length === 0;
  }
}

// Internal

/** @param {Element} list @param {Record<string, string>} values */
function figures(list, values) {
  fill(
    list,
    Object.entries(values).map(([name, value]) =>
      h("div", null, h("dt", { class: "meta" }, name), h("dd", { class: "num" }, value)),
    ),
  );
}

customElements.define("server-storage", ServerStorage);
