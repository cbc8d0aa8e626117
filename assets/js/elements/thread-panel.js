/**
 * A thread beside the conversation: its first message, the replies, and a field for one more. What
 * is written or edited here is handled here; everything else that its messages and its composer
 * emit is left to chat-app. Emits `quote-need`, `thread-follow`, and `thread-read` when its end is in
 * view.
 */
import { emit, h, set, setText } from "../lib/dom.js";
import { errorText } from "../lib/errors.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { keyed } from "../lib/keyed.js";
import { anchorOf, isAtEnd, moveFocus, restore } from "../lib/scroll.js";
import { View } from "../lib/view.js";
import {
  answered,
  draftContext,
  followed,
  holds,
  lastOwn,
  replyCount,
  rootOf,
  taken,
  threadRows,
} from "../state/thread.js";
import { changeRow, makeRow } from "./message-rows.js";

/** @import {Context, Timeline} from "../types.js" */
/** @import {MessageRow, Row} from "../state/rows.js" */
/** @import {Extras} from "../state/sender.js" */
/** @import {Page, Thread} from "../state/thread.js" */
/** @import {Threads} from "../types-own.js" */
/** @import {MessageComposer} from "./message-composer.js" */

/**
 * @typedef {object} Data
 * @property {string} messageId the message whose thread was opened
 * @property {boolean} online
 * @property {import("./message-list.js").Data} conversation
 * @property {import("./message-composer.js").Data} composer of the conversation
 * @property {Record<string, string>} drafts
 * @property {Threads|null} threads that I follow; null: not known yet
 * @property {(place: string) => string|undefined} answers the message that a draft answers
 * @property {(query: string) => Promise<Page>} load
 * @property {(content: string, extras: Extras) => void} send
 * @property {(messageId: string, content: string) => Promise<void>} save
 */

/** Replies that are fetched at once. */
const PAGE = 50;

/** @extends {View<Data>} */
export class ThreadPanel extends View {
  #back = link("back", "details.back", "back");
  #close = link("close", "thread.close", "close");
  #title = h("h1", { tabindex: "-1" }, t("thread.title"));
  #follow = h("button", { class: "button quiet follow", type: "button", hidden: true });
  #first = h("div", { class: "first" });
  #count = h("p", { class: "count meta", role: "status" });
  #more = h(
    "button",
    { class: "button quiet", type: "button", hidden: true, onclick: () => this.#earlier() },
    t("thread.earlier"),
  );
  #replies = h("div", { class: "replies" });
  #again = h(
    "button",
    { class: "button", type: "button", onclick: () => this.#load() },
    t("send.retry"),
  );
  #note = h("p", { role: "status" });
  #failed = h("div", { class: "failed wrap", hidden: true }, this.#note, this.#again);
  #items = h("div", { class: "items" }, this.#first, this.#count, this.#more, this.#replies);
  #scroll = h(
    "div",
    { class: "scroll", tabindex: "0", role: "log", "aria-label": t("thread.title") },
    h("div", null, this.#items, this.#failed),
  );
  #composer = /** @type {MessageComposer} */ (document.createElement("message-composer"));
  #roomId = "";
  /** The message whose thread was opened, and the first of that thread as far as it is known. */
  #messageId = "";
  #rootId = "";
  /** Under which name its draft and its files are kept. */
  #place = "";
  /** @type {Thread|null} */
  #thread = null;
  /** What was taken of the conversation already. @type {Timeline|null} */
  #taken = null;
  #followed = false;
  #online = false;
  /** Up to where the server was told that it is read. */
  #read = 0;
  #error = "";
  /** An answer to an earlier question is not waited for any more. */
  #turn = 0;
  /** @type {Context|null} */
  #context = null;
  /** Why the edited message was not saved. */
  #saveError = "";
  /** @type {Set<string>} */
  #quotes = new Set();

  // Lifecycle

  build() {
    set(this, { "aria-label": t("thread.title") });
    const title = h("div", { class: "title" }, this.#title);
    const head = h("div", { class: "head" }, this.#back, title, this.#follow, this.#close);
    this.append(head, this.#scroll, this.#composer);
    this.addEventListener("keydown", (event) => this.#escaped(event));
    this.#follow.addEventListener("click", () =>
      emit(this, "thread-follow", { messageId: this.#rootId, following: !this.#followed }),
    );
    this.#scroll.addEventListener("keydown", (event) => moveFocus(this.#scroll, event));
    this.#scroll.addEventListener("scroll", () => this.#seen());
    /** @type {Record<string, (detail: any) => unknown>} */
    const own = {
      "message-send": (sent) => this.#send(sent),
      "message-save": (edited) => this.#save(edited),
      "message-reply": (row) => this.#write("reply", row),
      "message-edit": (row) => this.#write("edit", row),
      "edit-last": () => this.#editLast(),
      "context-leave": () => this.#setContext(null),
    };
    for (const [type, does] of Object.entries(own))
      this.addEventListener(type, (event) => {
        event.stopPropagation();
        does(/** @type {CustomEvent} */ (event).detail);
      });
  }

  /** @param {Data} data */
  update({ conversation, messageId, online }) {
    const { roomId, timeline } = conversation;
    const moved =
      messageId !== this.#messageId && !(this.#thread && holds(this.#thread, messageId));
    const opens = roomId !== this.#roomId || moved;
    this.#messageId = messageId;
    if (opens) this.#open(roomId, rootOf(timeline, messageId));
    // What was missed while away is more than the conversation may hold.
    const returns = online && !this.#online;
    if (returns) this.#read = 0;
    if (opens || returns) this.#load();
    this.#online = online;
    this.#draw();
    if (opens) this.#focusFirst();
  }

  /** @param {AbortSignal} signal */
  subscribe(signal) {
    document.addEventListener("visibilitychange", () => this.#seen(), { signal });
  }

  // Actions

  /** It is about to be hidden: the focus returns to the message that it was opened from. */
  closed() {
    this.#composer.store();
    this.#turn += 1;
    this.#roomId = "";
    if (!this.contains(document.activeElement)) return;
    const message = `message-item[data-message-id="${CSS.escape(this.#messageId)}"]`;
    const place =
      document.querySelector(`message-list ${message}`) ??
      document.querySelector("main message-composer");
    /** @type {HTMLElement|null} */ (place)?.focus();
  }

  // Internal

  /** @param {string} roomId @param {string} rootId */
  #open(roomId, rootId) {
    this.#roomId = roomId;
    this.#rootId = rootId;
    this.#place = `${roomId}/${rootId}`;
    this.#thread = null;
    this.#read = 0;
    this.#context = null;
    this.#error = this.#saveError = "";
    this.#quotes.clear();
    for (const link of [this.#back, this.#close]) set(link, { href: `#/${roomId}` });
    this.#scroll.scrollTop = 0;
  }

  /** On a phone a focused field opens a keyboard over the thread. */
  #focusFirst() {
    const writes = !this.#composer.hidden && matchMedia("(width >= 640px)").matches;
    (writes ? this.#composer : this.#title).focus();
  }

  #earlier() {
    const oldest = this.#thread?.timeline.messages[1];
    if (oldest && !this.#more.getAttribute("aria-busy")) this.#load(oldest.messageId);
  }

  /** @param {string} [before] the newest replies without it */
  async #load(before) {
    const { data } = this;
    if (!data) return;
    const turn = ++this.#turn;
    const query = new URLSearchParams({ limit: String(PAGE), ...(before && { before }) });
    set(this.#more, { "aria-busy": "true" });
    /** @type {Page|null} */
    let page = null;
    let error = "";
    try {
      page = await data.load(String(query));
    } catch (failure) {
      error = errorText(failure);
    }
    if (turn !== this.#turn) return;
    set(this.#more, { "aria-busy": null });
    this.#error = error;
    if (page) {
      this.#thread = taken(this.#thread, page, { limit: PAGE, before });
      this.#rootId = this.#thread.rootId;
      this.#taken = null;
      if (!before) this.#answer(data);
    }
    this.#draw();
    if (page && !before) this.#showTarget();
  }

  /** The reply that it was opened from, where it is not in view. */
  #showTarget() {
    const reply = `[data-message-id="${CSS.escape(this.#messageId)}"]`;
    this.#replies.querySelector(reply)?.scrollIntoView({ block: "nearest" });
  }

  /** A draft goes on answering what it answers. @param {Data} data */
  #answer({ answers, conversation }) {
    const messageId = answers(this.#place);
    if (messageId && this.#thread)
      this.#context ??= draftContext(this.#thread, messageId, conversation);
  }

  #draw() {
    const { data } = this;
    if (!data) return;
    const { conversation } = data;
    if (this.#thread && conversation.timeline !== this.#taken) {
      this.#taken = conversation.timeline;
      this.#thread = followed(this.#thread, conversation.timeline);
    }
    const thread = this.#thread;
    const [first, replies] = threadRows(conversation, thread, this.#rootId);
    const anchor = isAtEnd(this.#scroll) ? null : anchorOf(this.#scroll, this.#replies);
    this.#rows(this.#first, first);
    this.#rows(this.#replies, replies);
    const n = thread && replyCount(thread);
    setText(this.#count, n === null ? "" : n ? t("thread.replies", { n }) : t("thread.none"));
    this.#more.hidden = !thread?.more;
    this.#failed.hidden = !this.#error;
    setText(this.#note, this.#error);
    restore(this.#scroll, anchor);
    this.#drawFollow(data);
    // The conversation, where it is in view, says the same.
    set(this.#scroll, { "aria-live": this.role === "main" ? "polite" : "off" });
    this.#drawComposer(data);
  }

  /** @param {Data} data */
  #drawFollow({ threads }) {
    this.#followed = Boolean(threads?.[this.#rootId]);
    this.#follow.hidden = !threads || !this.#thread;
    setText(this.#follow, t(this.#followed ? "thread.unfollow" : "thread.follow"));
    this.#seen();
  }

  /** Tells that it is read, once its end is in view and something of it was unread. */
  #seen() {
    const last = this.#thread?.timeline.messages.at(-1);
    const { unread = 0 } = this.data?.threads?.[this.#rootId] ?? {};
    if (!last || unread <= this.#read || last.seq < unread) return;
    const isShown = document.visibilityState === "visible" && this.checkVisibility();
    if (!isShown || !isAtEnd(this.#scroll)) return;
    this.#read = last.seq;
    emit(this, "thread-read", last.messageId);
  }

  /** @param {Element} place @param {Row[]} rows */
  #rows(place, rows) {
    const { conversation } = /** @type {Data} */ (this.data);
    keyed(
      place,
      rows,
      (row) => row.key,
      makeRow,
      (node, row) => changeRow(node, row, { ...conversation, threads: undefined }),
    );
    for (const row of rows) if (row.kind === "message") this.#needQuote(row);
  }

  /** @param {Data} data */
  #drawComposer({ conversation, composer, drafts }) {
    this.#composer.hidden = !conversation.mayWrite;
    this.#composer.data = {
      ...composer,
      roomId: this.#place,
      label: t("thread.write"),
      context: this.#context,
      error: this.#saveError,
      draft: drafts[this.#place] ?? "",
    };
  }

  /** One that answers a reply which is not held. @param {MessageRow} row */
  #needQuote({ quote }) {
    if (!quote || quote.author || quote.text !== null || this.#quotes.has(quote.messageId)) return;
    this.#quotes.add(quote.messageId);
    emit(this, "quote-need", quote.messageId);
  }

  /** @param {{content: string} & Extras} sent */
  #send({ content, replyTo = answered(this.#thread, this.#rootId), ...files }) {
    this.#setContext(null);
    this.data?.send(content, { ...files, replyTo });
    this.#scroll.scrollTop = 0;
  }

  /** @param {{messageId: string, content: string}} edited */
  async #save({ messageId, content }) {
    try {
      await this.data?.save(messageId, content);
      if (this.#context?.messageId === messageId) this.#setContext(null);
    } catch (error) {
      this.#saveError = errorText(error);
      this.#draw();
    }
  }

  /** @param {"edit"|"reply"} kind @param {MessageRow} row */
  #write(kind, { messageId = "", author, content }) {
    this.#setContext({ kind, messageId, author, content });
  }

  #editLast() {
    const { me } = /** @type {Data} */ (this.data).conversation;
    const context = this.#thread && lastOwn(this.#thread, me);
    if (context) this.#setContext(context);
  }

  /** @param {Context|null} context */
  #setContext(context) {
    this.#context = context;
    this.#saveError = "";
    this.#draw();
    this.#composer.focus();
  }

  /** @param {KeyboardEvent} event */
  #escaped(event) {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (document.querySelector("dialog[open], :popover-open")) return;
    event.preventDefault();
    this.#close.click();
  }
}

// Internal

/** @param {string} picture @param {string} key @param {string} name */
function link(picture, key, name) {
  const label = t(key);
  const props = { class: `icon-button ${name}`, "aria-label": label, title: label };
  return h("a", props, icon(picture));
}

customElements.define("thread-panel", ThreadPanel);
