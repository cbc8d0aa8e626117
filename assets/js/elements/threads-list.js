/**
 * The threads that I follow, that with the newest reply first, each a link. `load` is handed down by
 * chat-app; emits `threads-read`.
 */
import { errorText } from "../lib/errors.js";
import { emit, fill, h } from "../lib/dom.js";
import { parts, t } from "../lib/i18n.js";
import { snippet } from "../lib/markdown.js";
import { langOf } from "../lib/text.js";
import { View } from "../lib/view.js";
import "./custom-emoji.js";
import { emojiLine } from "./emoji-line.js";
import { emptyState } from "./empty-state.js";
import { draftMark } from "./draft-mark.js";
import { listHead, placeOf, problem, timeOf } from "./list-parts.js";
import { avatar } from "./user-avatar.js";

/** @import {FollowedThread, NamedMessage, Threads} from "../types-own.js" */

/**
 * @typedef {object} Data
 * @property {(before?: string) => Promise<{threads: FollowedThread[], cursor?: string}>} load a page
 * @property {Threads|null} threads what I follow; it changes with everything that changes the list
 * @property {Record<string, string>} drafts by room and thread
 * @property {(message: NamedMessage) => {author: string, picture?: string, room: string, direct:
 *   boolean}} about
 */

/** @extends {View<Data>} */
export class ThreadsList extends View {
  #list = h("ul");
  #notice = h("p", { class: "notice", role: "alert", hidden: true });
  #more = h(
    "button",
    { class: "button more", type: "button", hidden: true, onclick: () => this.#next() },
    t("threads.more"),
  );
  #all = h(
    "button",
    {
      class: "button quiet read-all",
      type: "button",
      hidden: true,
      onclick: () => emit(this, "threads-read"),
    },
    t("threads.readAll"),
  );
  /** @type {FollowedThread[]|null} null: not loaded yet */
  #threads = null;
  /** @type {string|undefined} */
  #cursor;
  #asked = 0;
  /** It is being asked for from the beginning, and has changed since. */
  #busy = false;
  #stale = false;
  #opened = false;
  #shown = "";
  /** What was followed at the last update. @type {Threads|null} */
  #known = null;

  // Lifecycle

  build() {
    this.append(
      listHead(t("rooms.threads"), this.#all),
      h("div", { class: "body" }, this.#list, this.#notice, this.#more),
    );
  }

  subscribe() {
    this.#opened = true;
  }

  update() {
    const threads = this.data?.threads ?? null;
    if (this.#opened || threads !== this.#known) this.#again();
    this.#opened = false;
    this.#known = threads;
    this.#draw();
  }

  // Internal

  /** From the beginning, as much as is shown. What comes meanwhile is asked for afterwards. */
  async #again() {
    this.#stale = this.#busy;
    if (this.#busy) return;
    this.#busy = true;
    const shown = this.#threads?.length ?? 0;
    await this.#ask(async (load) => {
      const page = await load();
      const threads = [...page.threads];
      let { cursor } = page;
      while (cursor && threads.length < shown) {
        const next = await load(cursor);
        threads.push(...next.threads);
        ({ cursor } = next);
      }
      return { threads, cursor };
    });
    this.#busy = false;
    if (this.#stale) this.#again();
  }

  #next() {
    return this.#ask(async (load) => {
      const { threads, cursor } = await load(this.#cursor);
      return { threads: [...(this.#threads ?? []), ...threads], cursor };
    });
  }

  /** @param {(load: Data["load"]) => ReturnType<Data["load"]>} how */
  async #ask(how) {
    const { data } = this;
    if (!data) return;
    this.#asked += 1;
    const turn = this.#asked;
    this.#notice.hidden = true;
    try {
      const { threads, cursor } = await how(data.load);
      if (turn !== this.#asked) return;
      this.#threads = threads;
      this.#cursor = cursor;
    } catch (error) {
      if (turn !== this.#asked) return;
      fill(this.#notice, problem(errorText(error)));
      this.#notice.hidden = false;
    }
    this.#draw();
  }

  #draw() {
    const { data } = this;
    if (!data || !this.#threads) return;
    const abouts = this.#threads.map(({ lastReply }) => data.about(lastReply));
    const authors = this.#threads.map(({ message }) => data.about(message).author);
    const drafts = this.#threads.map(({ roomId, message }) =>
      Boolean(data.drafts[`${roomId}/${message.messageId}`]),
    );
    const key = JSON.stringify([this.#threads, abouts, authors, drafts]);
    this.#more.hidden = !this.#cursor;
    this.#all.hidden = !this.#threads.some(({ unreadCount }) => unreadCount > 0);
    if (this.#shown === key) return;
    this.#shown = key;
    const focused = /** @type {HTMLElement|null} */ (
      document.activeElement?.closest("threads-list a.thread")
    )?.getAttribute("href");
    if (this.#threads.length === 0)
      return void fill(
        this.#list,
        h(
          "li",
          null,
          emptyState({ picture: "thread", title: t("threads.none"), text: t("threads.noneHint") }),
        ),
      );
    fill(
      this.#list,
      this.#threads.map((thread, index) =>
        h("li", null, row(thread, abouts[index], authors[index], drafts[index])),
      ),
    );
    if (focused)
      /** @type {HTMLElement|null} */ (this.querySelector(`a.thread[href="${focused}"]`))?.focus({
        preventScroll: true,
      });
  }
}

// Internal

/**
 * @param {FollowedThread} thread
 * @param {ReturnType<Data["about"]>} about of its newest reply
 * @param {string} starter
 * @param {boolean} draft an answer was begun
 */
function row(thread, { author, picture, room, direct }, starter, draft) {
  const { roomId, message, lastReply, replyCount, unreadCount } = thread;
  const name = author || t("person.deleted");
  const begins = message.deletedAt ? t("message.deleted") : snippet(message.content ?? "");
  const text = snippet(lastReply.content ?? "");
  return h(
    "a",
    {
      class: unreadCount ? "thread pick media unread" : "thread pick media",
      href: `#/${roomId}/${message.messageId}/thread`,
    },
    avatar({ id: lastReply.userId, name, picture }),
    h(
      "div",
      null,
      h(
        "p",
        { class: "who wrap" },
        placeOf({ room, direct }),
        h("span", { class: "meta" }, t("thread.replies", { n: replyCount })),
        draft && draftMark(),
        timeOf(lastReply.createdAt),
      ),
      h(
        "p",
        { class: "root truncate", lang: langOf(begins) || null, dir: "auto" },
        line(starter || t("person.deleted"), begins),
      ),
      h("p", { class: "said", lang: langOf(text) || null, dir: "auto" }, line(name, text)),
    ),
    unreadCount > 0 &&
      h(
        "span",
        { class: "badge", role: "img", "aria-label": t("rooms.unread", { n: unreadCount }) },
        unreadCount,
      ),
  );
}

/** @param {string} name @param {string} text */
function line(name, text) {
  const author = h("b", { lang: langOf(name) || null }, name);
  return parts("rooms.snippet", { name: author, text: h("span", null, emojiLine(text)) });
}

customElements.define("threads-list", ThreadsList);
