/**
 * The conversation: header, messages, typing line, composer. Passes the state of the open room to
 * them.
 */
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { CALLS, mayCall } from "../lib/attention.js";
import { folded } from "../lib/mentions.js";
import { partner, personName, pictureOf, roomName } from "../lib/names.js";
import { same } from "../lib/same.js";
import { statusOf } from "../lib/status.js";
import { mayConfigure, mayManage, mayModerate, mayWrite } from "../lib/permissions.js";
import { presenceOf } from "../state/online.js";
import { candidates, typingNames, totalUnread } from "../state/select.js";
import { emptyTimeline } from "../state/timeline.js";
import { emptyState } from "./empty-state.js";
import "./message-composer.js";
import "./message-item.js";
import "./message-list.js";
import "./room-header.js";
import { roomNotice } from "./room-notice.js";
import "./typing-line.js";

/** @import {People} from "../lib/mentions.js" */
/** @import {Message, Participant, Pin, Room, State, User} from "../types.js" */
/** @import {MessageComposer} from "./message-composer.js" */
/** @import {MessageList} from "./message-list.js" */
/** @import {RoomHeader} from "./room-header.js" */
/** @import {TypingLine} from "./typing-line.js" */

const NONE = emptyTimeline();
/** A status ends by itself, and so does a day. */
const A_WHILE_MS = 10_000;

export class RoomView {
  header = /** @type {RoomHeader} */ (document.createElement("room-header"));
  list = /** @type {MessageList} */ (document.createElement("message-list"));
  typing = /** @type {TypingLine} */ (document.createElement("typing-line"));
  composer = /** @type {MessageComposer} */ (document.createElement("message-composer"));
  /** Stands in place of the composer where nothing can be written. */
  notice = roomNotice();
  parts = [this.header, this.list, this.typing, this.composer, this.notice.element];

  #uploader;
  /** @type {Participant[]} */
  #participants = [];
  /** What is shown was made of this. @type {unknown[]} */
  #of = [];
  /** What every message depends on, besides itself. @type {unknown[]} */
  #stamp = [];
  /** @type {People} */
  #known = { me: "", knows: () => false };

  /** @param {() => Promise<import("../state/uploader.js").Uploader>} uploader */
  constructor(uploader) {
    this.#uploader = uploader;
  }

  /** Who may be mentioned in the open room; the same object until that changes. @param {Room} room @param {string} me */
  #people(room, me) {
    const { participants } = room;
    if (participants !== this.#participants || this.#known.me !== me) {
      const names = new Set(participants.map(({ userId }) => folded(userId)));
      if (mayCall(room, "")) for (const name of CALLS) names.add(name);
      const version = (this.#known.version ?? 0) + 1;
      this.#participants = participants;
      this.#known = { me, knows: (login) => names.has(folded(login)), version };
    }
    return this.#known;
  }

  /** @param {State} state @param {Room} room */
  update(state, room) {
    const { roomId } = room;
    const me = /** @type {User} */ (state.me);
    const title = roomName(room, me.userId) || t("rooms.alone");
    const writes = mayWrite(room, me);
    this.header.data = headerOf(state, room, title, me);
    if (!this.#isSame(state, room)) this.#showMessages(state, room, title);
    this.typing.data = typingNames(state, roomId);
    this.composer.data = {
      roomId,
      title,
      context: state.context,
      error: state.editError,
      draft: state.drafts[roomId] ?? "",
      people: () => [...candidates(state, room), ...everybody(room, me.userId)],
      uploader: this.#uploader,
    };
    this.composer.hidden = !writes;
    this.notice.show(writes ? null : { ...room, mayRestore: mayConfigure(room, me) });
  }

  // Internal

  /**
   * Is the conversation as it was? Most of what happens happens in other rooms.
   * @param {State} state
   * @param {Room} room
   */
  #isSame(state, room) {
    const { roomId, participants, ownerId, archived, readOnly } = room;
    const threads = /** @type {any} */ (customElements.get("thread-counts"));
    const stamp = [
      [roomId, participants, ownerId, archived, readOnly, state.pins[roomId], state.me],
      [state.people, state.pictures, state.statuses, state.quoted],
      [customElements.get("link-previews"), threads, threads?.version, threads && state.drafts],
      Math.floor(Date.now() / A_WHILE_MS),
    ].flat();
    if (!same(stamp, this.#stamp)) this.#stamp = stamp;
    const { outbox, uploads, visit, route } = state;
    const [timeline, reads] = [state.timelines[roomId], state.reads[roomId]];
    const of = [this.#stamp, room, timeline, reads, outbox, uploads, visit, route];
    const isSame = same(of, this.#of);
    this.#of = of;
    return isSame;
  }

  /** @param {State} state @param {Room} room @param {string} title */
  #showMessages(state, room, title) {
    const { roomId } = room;
    const me = /** @type {User} */ (state.me);
    const writes = mayWrite(room, me);
    const timeline = state.timelines[roomId] ?? NONE;
    const pins = new Map((state.pins[roomId] ?? []).map((pin) => [pin.message.messageId, pin]));
    const pending = state.outbox
      .filter((entry) => entry.roomId === roomId)
      .map((entry) => ({ ...entry, uploads: state.uploads[entry.clientId] }));
    const empty =
      timeline.loaded &&
      timeline.messages.length === 0 &&
      pending.length === 0 &&
      room.lastSeq === 0;
    this.list.data = {
      roomId,
      title,
      stamp: this.#stamp,
      timeline,
      pending,
      me: me.userId,
      lastSeq: room.lastSeq,
      visitSeq: state.visit?.lastSeq ?? 0,
      unreadCount: state.visit?.kept ? 0 : (state.visit?.unread ?? 0),
      kept: Boolean(state.visit?.kept),
      people: this.#people(room, me.userId),
      mayDeleteAny: mayModerate(room, me),
      mayWrite: writes,
      mayReact: !room.archived,
      room,
      pinnedBy: (messageId) => pinnedBy(state, roomId, pins.get(messageId)),
      target: state.route.messageId,
      previews: /** @type {any} */ (customElements.get("link-previews")),
      threads: /** @type {any} */ (customElements.get("thread-counts")),
      reads: state.reads[roomId] ?? {},
      quoted: state.quoted,
      nameOf: (userId, message) =>
        personName(state, roomId, userId, /** @type {Message|undefined} */ (message)),
      pictureOf: (userId) => pictureOf(state, userId),
      statusOf: (userId) => statusOf(state, userId),
      empty: empty ? nothingYet(mayManage(room, me), writes) : null,
    };
  }
}

/** What mentions many at once, where I may do that. @param {Room} room @param {string} me */
function everybody(room, me) {
  if (!mayCall(room, me) || room.userCount < 2) return [];
  return CALLS.map((userId) => ({ userId, name: t(`mention.${userId}`) }));
}

/** @param {State} state @param {Room} room @param {string} title @param {User} me */
function headerOf(state, room, title, me) {
  const other = partner(room, me.userId);
  return {
    roomId: room.roomId,
    title,
    people: room.userCount,
    unread: totalUnread(state, room.roomId),
    details: state.detailsOpen && !state.route.thread,
    topic: room.topic ?? "",
    mayEdit: mayManage(room, me),
    archived: Boolean(room.archived),
    readOnly: Boolean(room.readOnly),
    presence: other && presenceOf(state, other.userId),
  };
}

/** @param {State} state @param {string} roomId @param {Pin|undefined} pin */
function pinnedBy(state, roomId, pin) {
  return pin && personName(state, roomId, pin.userId ?? "");
}

/** @param {boolean} mayAdd @param {boolean} writes */
function nothingYet(mayAdd, writes) {
  const add = h(
    "button",
    {
      class: "button",
      type: "button",
      onclick: (/** @type {Event} */ event) =>
        event.currentTarget?.dispatchEvent(new CustomEvent("people-add", { bubbles: true })),
    },
    t("people.add"),
  );
  return emptyState({
    picture: "room",
    title: t("messages.empty"),
    text: writes ? t("messages.emptyHint") : "",
    actions: mayAdd ? [add] : [],
  });
}
