/**
 * What stands below the first message of a thread: how many replies it has, when the last was
 * written, the faces of those who answered, and whether I have begun to answer; a link to the thread. Loaded with the first thread
 * that the page knows of.
 */
import { h } from "../lib/dom.js";
import { locale, t } from "../lib/i18n.js";
import { exact, short } from "../lib/time.js";
import { counted, seqOf, unknownParts } from "../state/threads.js";
import { draftMark } from "./draft-mark.js";
import { ThreadWatch } from "./thread-watch.js";
import { avatar } from "./user-avatar.js";

/** @import {Frame} from "../types.js" */
/** @import {Replies, Summary} from "../types-own.js" */
/** @import {ChatApp} from "./chat-app.js" */
/** @import {Data} from "./message-item.js" */

/** @typedef {typeof ThreadCounts} Counts */

/** Messages of which the server is asked at once. */
const MOST = 1000;
/** What stands below messages. @type {Map<string, Replies>} */
const known = new Map();
/** @type {Watch|null} */
let watch = null;

export class ThreadCounts extends HTMLElement {
  /** Changes with what stands below any message. */
  static version = 0;

  /** What the line below a message depends on. @param {string|undefined} messageId */
  static keyOf(messageId = "") {
    const replies = known.get(messageId);
    return replies && [replies.n, replies.at, replies.people, watch?.hasDraft(messageId)];
  }

  /**
   * The line below a message, null without replies.
   * @param {Data} data
   */
  static below({ row, roomId, nameOf, pictureOf }) {
    const replies = known.get(row.messageId ?? "");
    if (!replies?.n) return null;
    const { n, at, people } = replies;
    const faces = people.map(({ userId, name }) =>
      avatar({
        id: userId,
        name: nameOf(userId) || name || userId,
        picture: pictureOf(userId),
        size: "xs",
      }),
    );
    const time = h("time", { datetime: at, title: exact(at, locale()) }, short(at, locale()));
    return h(
      "thread-counts",
      null,
      h(
        "a",
        { href: `#/${roomId}/${row.messageId}/thread` },
        h("span", { class: "faces" }, faces),
        h("b", null, t("thread.replies", { n })),
        h("span", { class: "meta" }, t("thread.last"), " ", time),
        watch?.hasDraft(row.messageId ?? "") && draftMark(),
      ),
    );
  }

  /** Begins to follow what happens; again when somebody else has signed in. @param {ChatApp} app */
  static watch(app) {
    watch?.end();
    watch = new Watch(app);
  }
}

/** Asks for the counts of the open room, and keeps them up to date. */
class Watch {
  #app;
  #life = new AbortController();
  /** The messages of each room of which it is known what stands below them. @type {Map<string, Set<number>>} */
  #seen = new Map();
  /** Frames that came while the server was being asked; null: it is not. @type {Frame[]|null} */
  #meanwhile = null;

  /** @param {ChatApp} app */
  constructor(app) {
    this.#app = app;
    const { signal } = this.#life;
    const { chat } = app;
    known.clear();
    new ThreadWatch(chat, signal);
    chat.store.addEventListener("change", () => this.#ask(), { signal });
    chat.socket.addEventListener(
      "frame",
      (event) => this.#heard(/** @type {CustomEvent<Frame>} */ (event).detail),
      { signal },
    );
    this.#ask();
  }

  end() {
    this.#life.abort();
  }

  /** Whether an answer was begun in this thread of the open room. @param {string} messageId */
  hasDraft(messageId) {
    const { drafts, visit } = this.#app.chat.store.state;
    return Boolean(drafts[`${visit?.roomId}/${messageId}`]);
  }

  // Internal

  #changed() {
    ThreadCounts.version += 1;
    this.#app.update();
  }

  /** What is unknown of the open room. */
  async #ask() {
    const { store } = this.#app.chat;
    const roomId = store.state.visit?.roomId ?? "";
    const timeline = store.state.timelines[roomId];
    if (this.#meanwhile || !timeline?.loaded || timeline.reset) return;
    const seen = this.#seenOf(roomId);
    const [part] = unknownParts(timeline.messages, seen, MOST);
    if (!part) return;
    this.#meanwhile = [];
    const found = await this.#load(roomId, part);
    const frames = this.#meanwhile;
    this.#meanwhile = null;
    // Without an answer nothing is shown; after the next connection they are asked for again.
    for (let seq = part[0]; seq <= part[1]; seq += 1) seen.add(seq);
    for (const frame of frames) this.#heard(frame);
    if (found) this.#changed();
    this.#ask();
  }

  /** @param {string} roomId @param {[number, number]} part @returns {Promise<boolean>} */
  async #load(roomId, [from, to]) {
    const { client } = this.#app.chat;
    /** @type {{threads: Summary[]}|null} */
    const answer = await client
      .ask("GET", `api/chatrooms/${roomId}/threads?from=${from}&to=${to}`)
      .catch(() => null);
    if (!answer) return false;
    const base = seqBase(roomId);
    for (let seq = from; seq <= to; seq += 1) known.delete(`msg${base + seq}`);
    for (const thread of answer.threads)
      known.set(thread.messageId, {
        n: thread.replyCount,
        at: thread.lastReplyAt,
        lastSeq: thread.lastReplySeq,
        people: thread.repliers,
      });
    return true;
  }

  /** @param {Frame} frame */
  #heard(frame) {
    if ("error" in frame) return;
    if (this.#meanwhile && frame.type !== "chat_message") return void this.#meanwhile.push(frame);
    if (frame.type === "subscribed") this.#seen.clear();
    // Nobody has answered a new message yet.
    if (frame.type === "chat_message") this.#seenOf(frame.room_id).add(frame.seq);
    if (frame.type !== "thread_updated") return;
    const { room_id: roomId, message_id: id } = frame;
    const seen = this.#seenOf(roomId);
    // What stands below it is asked for when it is in the conversation.
    if (!seen.has(seqOf(id))) return;
    const next = counted(known.get(id), frame);
    if (next) known.set(id, next);
    else seen.delete(seqOf(id));
    this.#changed();
    if (!next) this.#ask();
  }

  /** @param {string} roomId */
  #seenOf(roomId) {
    const seen = this.#seen.get(roomId) ?? new Set();
    this.#seen.set(roomId, seen);
    return seen;
  }
}

// Internal

/** The number before the first message of a room. @param {string} roomId */
function seqBase(roomId) {
  return Number(roomId.slice(4)) * 1_000_000_000;
}

customElements.define("thread-counts", ThreadCounts);
