/**
 * Brings drafts to the server, and those of other devices here. The last change wins; but what is
 * written here and has not reached the server yet is never replaced, and what was sent does not come
 * back: its removal goes over the socket before the message, and is repeated until it is confirmed.
 */
import { messageById } from "./timeline.js";
import { personName } from "../lib/names.js";
import { lengthOf } from "../lib/text.js";

/** @import {Client} from "../api/client.js" */
/** @import {Socket} from "../api/socket.js" */
/** @import {ErrorFrame, Frame} from "../types.js" */
/** @import {DraftFrame, ServerDraft} from "../types-own.js" */
/** @import {Drafts, Note} from "./drafts.js" */
/** @import {History} from "./history.js" */
/** @import {Store} from "./store.js" */

/** A draft is sent at most once in this time. */
const EVERY_MS = 2000;
/** What the server could not keep for the moment is sent again after this time. */
const AGAIN_MS = 15_000;
/** Longer ones stay on this device. */
const LONGEST = 8000;
/** Before the name of the place in references of frames. */
const REF = "draft ";

/** @typedef {{content: string, replyTo?: string, at: number}} Theirs */

/**
 * What becomes of a draft of which the server has another version than this device. Pure.
 * @param {Note & {text: string}} own
 * @param {Theirs|undefined} theirs undefined: the server has none
 * @param {boolean} [typing] it was written since this page was opened
 * @returns {"take"|"send"|"stay"} take theirs, or its absence; send the own one; nothing
 */
export function decide(own, theirs, typing = false) {
  if (!own.dirty) {
    if (theirs) return theirs.at > own.at ? "take" : "stay";
    return own.at > 0 ? "take" : "stay";
  }
  if (!theirs) return own.text ? "send" : "take";
  if (theirs.at <= own.at) return "send";
  // It was sent from here. Only another text, written elsewhere since, stays.
  if (!own.text) return theirs.content === own.sent ? "send" : "take";
  return typing || (own.typed ?? 0) >= theirs.at ? "send" : "take";
}

export class DraftSync {
  #parts;
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  #waiting = new Map();
  /** Saves that are not answered: how many, and the last. @type {Map<string, {n: number, text: string, replyTo?: string}>} */
  #open = new Map();
  /** What other devices have saved meanwhile. @type {Map<string, DraftFrame>} */
  #missed = new Map();
  /** Versions that were seen, also of drafts that are gone. @type {Map<string, number>} */
  #versions = new Map();
  /** Places of which frames have told since the list was asked for. */
  #heard = new Set(/** @type {string[]} */ ([]));
  /** Places in which something was written in this page. */
  #typed = new Set(/** @type {string[]} */ ([]));

  /**
   * @param {{store: Store, socket: Socket, client: Client, history: History, drafts: Drafts}} parts
   * @param {AbortSignal} signal
   */
  constructor(parts, signal) {
    this.#parts = parts;
    parts.socket.addEventListener(
      "frame",
      (event) => this.#received(/** @type {CustomEvent<Frame>} */ (event).detail),
      { signal },
    );
    const flush = () => document.visibilityState === "hidden" && this.flush();
    document.addEventListener("visibilitychange", flush, { signal });
    signal.addEventListener("abort", () => {
      for (const timer of this.#waiting.values()) clearTimeout(timer);
    });
  }

  // Actions

  /** After each connection: what was missed, and what could not be sent. */
  async start() {
    const { client, drafts, store } = this.#parts;
    this.#open.clear();
    this.#missed.clear();
    this.#heard.clear();
    const { epoch } = store.state;
    const answer = await client.drafts();
    if (epoch !== store.state.epoch) return;
    if (drafts.isOtherPast(epoch)) this.#forgetVersions();
    /** @type {Map<string, Theirs>} */
    const found = new Map(answer.map((draft) => [placeOf(draft), theirs(draft)]));
    for (const place of new Set([...found.keys(), ...drafts.places()])) {
      // What is written in a room that is not mine any more stays where it can be read.
      if (this.#heard.has(place) || !store.state.rooms[place.split("/")[0]]) continue;
      const own = { ...drafts.note(place), text: drafts.text(place) };
      const its = found.get(place);
      const what = decide(own, its, this.#typed.has(place));
      if (what === "take") this.#adopt(place, its ?? { content: "", at: 0 });
      else if (what === "send") this.#save(place);
    }
    this.opened(store.state.visit?.roomId ?? "");
  }

  /** Something was written here. @param {string} place */
  changed(place) {
    const { drafts } = this.#parts;
    this.#typed.add(place);
    if (drafts.text(place)) return this.#later(place, EVERY_MS);
    clearTimeout(this.#waiting.get(place));
    this.#waiting.delete(place);
    const note = drafts.note(place);
    if (note.at || note.sent || this.#open.has(place)) this.#save(place);
    // The server has never heard of it.
    else drafts.remember(place, { at: 0, dirty: false });
  }

  /** What waits is sent now: the page may not come back. */
  flush() {
    for (const place of [...this.#waiting.keys()]) this.#due(place);
  }

  /**
   * A draft goes on answering what it answers, in the room that was opened.
   * @param {string} roomId
   */
  async opened(roomId) {
    const { store, history, drafts } = this.#parts;
    const messageId = drafts.answer(roomId);
    if (!messageId) return;
    const held = () => messageById(store.state.timelines[roomId], messageId);
    if (!held() && !store.state.quoted[messageId]) await history.quote(roomId, messageId);
    const { state } = store;
    const message = held() ?? state.quoted[messageId];
    if (state.visit?.roomId !== roomId || state.context || !message || message.deletedAt) return;
    if (drafts.answer(roomId) !== messageId) return;
    const author = personName(state, roomId, message.userId, message);
    const content = message.content ?? "";
    const context = { kind: /** @type {"reply"} */ ("reply"), messageId, author, content };
    store.dispatch({ type: "context_changed", context: { ...context, restored: true } });
  }

  // Internal

  /** @param {string} place @param {number} wait */
  #later(place, wait) {
    if (this.#waiting.has(place)) return;
    this.#waiting.set(
      place,
      setTimeout(() => this.#due(place), wait),
    );
  }

  /** @param {string} place */
  #due(place) {
    clearTimeout(this.#waiting.get(place));
    this.#waiting.delete(place);
    // The answer to the last save comes first; then it is looked at again.
    if (!this.#open.has(place) && this.#parts.drafts.note(place).dirty) this.#save(place);
  }

  /** @param {string} place */
  #save(place) {
    const { drafts, socket } = this.#parts;
    const [text, note] = [drafts.text(place), drafts.note(place)];
    if (lengthOf(text) > LONGEST) return;
    const [roomId, thread] = place.split("/");
    const sent = socket.send({
      type: "save_draft",
      room_id: roomId,
      ...(thread && { thread }),
      content: text,
      ...(note.replyTo && { reply_to: note.replyTo }),
      ref: REF + place,
    });
    // Without a connection it waits for the next one.
    if (!sent) return;
    const n = (this.#open.get(place)?.n ?? 0) + 1;
    this.#open.set(place, { n, text, replyTo: note.replyTo });
    drafts.remember(place, { ...note, dirty: true, sent: text || note.sent });
  }

  /** @param {Frame} frame */
  #received(frame) {
    const ref = "ref" in frame && typeof frame.ref === "string" ? frame.ref : "";
    const place = ref.startsWith(REF) ? ref.slice(REF.length) : null;
    if ("error" in frame) return void (place !== null && this.#refused(place, frame));
    if (frame.type !== "draft_saved") return;
    if (place === null) this.#told(frame);
    else this.#confirmed(place, frame);
  }

  /** The last save of a place that is answered. @param {string} place */
  #answered(place) {
    const open = this.#open.get(place);
    if (!open) return null;
    open.n -= 1;
    if (open.n > 0) return null;
    this.#open.delete(place);
    return open;
  }

  /** @param {string} place @param {DraftFrame} frame */
  #confirmed(place, frame) {
    const { drafts } = this.#parts;
    const open = this.#answered(place);
    if (!open) return;
    const { at } = theirs(frame);
    const note = drafts.note(place);
    const dirty = drafts.text(place) !== open.text || note.replyTo !== open.replyTo;
    this.#saw(place, at);
    drafts.remember(place, { ...note, at, dirty, sent: undefined });
    if (dirty) this.#later(place, EVERY_MS);
    const missed = this.#missed.get(place);
    this.#missed.delete(place);
    if (missed && theirs(missed).at > at) this.#told(missed);
  }

  /** @param {string} place @param {ErrorFrame} frame */
  #refused(place, { error }) {
    const { drafts } = this.#parts;
    if (!this.#answered(place)) return;
    if (["room_error", "rate_limited"].includes(error)) this.#later(place, AGAIN_MS);
    // It stays on this device.
    else drafts.remember(place, { ...drafts.note(place), at: 0, dirty: false, sent: undefined });
  }

  /** Another device, or this one, has saved a draft. @param {DraftFrame} frame */
  #told(frame) {
    const { drafts } = this.#parts;
    const place = placeOf({ ...frame, roomId: frame.room_id });
    this.#heard.add(place);
    const its = theirs(frame);
    const note = drafts.note(place);
    if (this.#open.has(place)) this.#missed.set(place, frame);
    else if (its.at < Math.max(note.at, this.#versions.get(place) ?? 0)) return;
    else if (note.dirty && its.content !== drafts.text(place)) {
      this.#saw(place, its.at);
      drafts.remember(place, { ...note, at: its.at });
      if (this.#typed.has(place)) this.#later(place, EVERY_MS);
    } else this.#adopt(place, its);
  }

  /** @param {string} place @param {Theirs} its */
  #adopt(place, { content, replyTo, at }) {
    const { drafts, store } = this.#parts;
    this.#saw(place, at);
    drafts.adopt(place, content, { at, dirty: false, replyTo });
    store.dispatch({ type: "draft_changed", room_id: place, text: content });
    const { context, visit } = store.state;
    if (visit?.roomId !== place) return;
    if (content) this.opened(place);
    else if (context?.kind === "reply") store.dispatch({ type: "context_changed", context: null });
  }

  /** @param {string} place @param {number} at */
  #saw(place, at) {
    this.#versions.set(place, Math.max(at, this.#versions.get(place) ?? 0));
  }

  /** The server has another past: nothing of what it said of versions holds. */
  #forgetVersions() {
    const { drafts } = this.#parts;
    this.#versions.clear();
    for (const place of drafts.places()) {
      const dirty = Boolean(drafts.text(place));
      drafts.remember(place, { ...drafts.note(place), at: 0, dirty, sent: undefined });
    }
  }
}

// Internal

/** @param {{roomId: string, thread?: string}} draft */
function placeOf({ roomId, thread }) {
  return thread ? `${roomId}/${thread}` : roomId;
}

/** @param {ServerDraft|DraftFrame} draft @returns {Theirs} */
function theirs(draft) {
  const [replyTo, at] =
    "savedAt" in draft ? [draft.replyTo, draft.savedAt] : [draft.reply_to, draft.saved_at];
  return { content: draft.content, replyTo, at: Date.parse(at) };
}
