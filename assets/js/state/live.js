/** Connects the socket to the store: subscribing, resuming, entering rooms, typing, read marks. */
import { retryDelay } from "../api/socket.js";
import { ApiError } from "../lib/errors.js";
import { Marks } from "./marks.js";

/** @import {Client} from "../api/client.js" */
/** @import {Socket} from "../api/socket.js" */
/** @import {Connection, ErrorFrame, Frame, Room} from "../types.js" */
/** @import {Facts} from "./facts.js" */
/** @import {History} from "./history.js" */
/** @import {Sender} from "./sender.js" */
/** @import {Store} from "./store.js" */

const MARK_MS = 1000;
const TYPING_SEND_MS = 2500;
const TYPING_SHOWN_MS = 6100;
const REJOIN_MS = 1500;
/** Passed to `retryDelay`: the request failed, whatever the reason. */
const FAILED = 0;

export class Live {
  /** @type {Map<string, number>} room, last seq marked as read over this connection */
  #marked = new Map();
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #marking;
  #marks;
  #typed = 0;
  #resumed = false;
  /** Requests for the list of rooms that have failed since the last that did not. */
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} the next request for it */
  #again;

  /**
   * @param {{store: Store, socket: Socket, client: Client, sender: Sender, history: History, facts:
   *   Facts, signedOut: () => void}} parts
   */
  constructor({ store, socket, client, sender, history, facts, signedOut }) {
    this.store = store;
    this.socket = socket;
    this.client = client;
    this.sender = sender;
    this.history = history;
    this.facts = facts;
    this.#marks = new Marks(socket);
    globalThis.window?.addEventListener("pagehide", () => this.#markNow());
    socket.addEventListener("frame", (event) =>
      this.#received(/** @type {CustomEvent<Frame>} */ (event).detail),
    );
    socket.addEventListener("state", (event) => {
      const connection = /** @type {CustomEvent<Connection>} */ (event).detail;
      store.dispatch({ type: "connection", connection });
    });
    socket.addEventListener("denied", async (event) => {
      const resume = /** @type {CustomEvent<() => void>} */ (event).detail;
      try {
        await client.refresh();
        resume();
      } catch (error) {
        if (/** @type {import("../lib/errors.js").ApiError} */ (error).status === 401) signedOut();
        else resume();
      }
    });
  }

  // Actions

  /** @param {Promise<Room[]>} [asked] the list, where it was asked for already */
  async start(asked) {
    this.#resumed = false;
    this.#marked.clear();
    await this.loadRooms(asked);
    if (this.store.state.me) this.socket.start();
  }

  stop() {
    clearTimeout(this.#again);
    this.#failures = 0;
    this.socket.stop();
  }

  /**
   * Loads the list of my rooms. After a failure, it tries again after growing delays.
   * @param {Promise<Room[]>} [asked]
   */
  async loadRooms(asked) {
    clearTimeout(this.#again);
    this.#loadPreferences();
    try {
      const rooms = await (asked ?? this.client.rooms("mine"));
      const { kept } = this.store.state;
      this.store.dispatch({ type: "rooms_loaded", rooms });
      if (kept) this.#revisit();
      const late = this.#failures > 0;
      this.#failures = 0;
      // Events of rooms that were not known yet have been ignored.
      if (late && this.store.state.connection.state === "online") this.#subscribe();
    } catch {
      if (!this.store.state.me) return;
      this.store.dispatch({ type: "rooms_failed" });
      const delay = retryDelay(this.#failures, FAILED, Math.random());
      this.#failures += 1;
      this.#again = setTimeout(() => this.loadRooms(), delay);
    }
  }

  /** @param {string} roomId */
  enter(roomId) {
    this.socket.send({ type: "join_room", room_id: roomId, ref: `join ${roomId}` });
  }

  /** @param {string} roomId */
  leave(roomId) {
    this.socket.send({ type: "leave_room", room_id: roomId });
    this.store.dispatch({ type: "room_left", room_id: roomId });
  }

  /** @param {string} roomId */
  typing(roomId) {
    const now = Date.now();
    if (now - this.#typed < TYPING_SEND_MS) return;
    if (this.socket.send({ type: "typing", room_id: roomId })) this.#typed = now;
  }

  /** The next letter is reported at once. */
  typingEnded() {
    this.#typed = 0;
  }

  /**
   * The end of this room is in view, or of none.
   * @param {string|null} wanted
   */
  reading(wanted) {
    // What was marked as unread stays so, although it is in view.
    // The end of what an earlier visit has left is not that of the room.
    const { held, visit } = this.store.state;
    const roomId = wanted === held || visit?.kept ? null : wanted;
    if (this.store.state.reading !== roomId) this.#markNow();
    if (roomId) this.#mark(roomId);
    if (
      this.store.state.reading !== roomId ||
      (roomId && this.store.state.rooms[roomId]?.unreadCount)
    ) {
      this.store.dispatch({ type: "reading", room_id: roomId });
    }
  }

  /** Marks every room as read. Throws without a connection. */
  readAll() {
    for (const { roomId, unreadCount } of Object.values(this.store.state.rooms))
      if (unreadCount) this.readRoom(roomId);
  }

  /** Marks a room as read. Throws without a connection. @param {string} roomId */
  readRoom(roomId) {
    const { messageId } = this.store.state.rooms[roomId]?.lastMessage ?? {};
    if (!messageId) return;
    if (!this.#marks.send(roomId, messageId))
      throw new ApiError(0, "offline", "The server cannot be reached.");
  }

  /**
   * Marks a message and all later ones as unread. A mark that says they were read, and arrived after
   * it, would win: none is sent from now on, and the answers of those under way are waited for.
   * @param {string} roomId
   * @param {string} messageId
   */
  async unread(roomId, messageId) {
    this.store.dispatch({ type: "unread_marked", room_id: roomId });
    try {
      await this.#marks.settled(roomId);
      await this.client.markUnread(roomId, messageId);
    } catch (error) {
      this.store.dispatch({ type: "unread_refused", room_id: roomId });
      throw error;
    }
    this.#marked.delete(roomId);
  }

  // Internal

  /** Without an answer, everything notifies. */
  async #loadPreferences() {
    try {
      let preferences = await this.client.preferences();
      // What was chosen on the page for signing in.
      const language = globalThis.localStorage?.getItem("lang");
      if (language && !preferences.language)
        preferences = await this.client.changePreferences({ language });
      this.store.dispatch({ type: "preferences_loaded", preferences });
    } catch {
      // They are asked for again with the list of rooms.
    }
  }

  /** What administrators may have changed meanwhile. */
  async #loadServer() {
    try {
      this.store.dispatch({ type: "server_loaded", server: await this.client.server() });
    } catch {
      // It is as it was.
    }
  }

  /** The open room, of which only what an earlier visit has left was shown. */
  #revisit() {
    const { rooms, visit } = this.store.state;
    const room = rooms[visit?.roomId ?? ""];
    if (!room) return;
    this.history.latest(room.roomId);
    this.facts.opened(room);
  }

  /** @param {Frame} frame */
  #received(frame) {
    if ("error" in frame) return this.#refused(frame);
    switch (frame.type) {
      case "pong":
      case "draft_saved":
      case "thread_updated":
      case "thread_changed":
      case "command_response":
        return;
      case "user_typing":
        return this.#typingStarted(frame.room_id, frame.user_id);
      case "connection_established":
        this.#subscribe();
        break;
      default:
    }
    const { kept } = this.store.state;
    this.store.dispatch(frame);
    if (frame.type === "subscribed") this.#subscribed();
    if (frame.type === "subscribed" && kept) this.#revisit();
    if (frame.type === "room_updated") this.facts.changed(frame.room_id);
    // The list of rooms, which is loaded again after an interruption, has the settings of the others.
    if (frame.type === "changes" && frame.room && frame.room_id === this.store.state.visit?.roomId)
      this.facts.changed(frame.room_id);
  }

  /** Asks for everything after what is held. */
  #subscribe() {
    const { timelines, rooms, epoch } = this.store.state;
    const since = Object.fromEntries(
      Object.entries(timelines)
        .filter(([roomId, timeline]) => timeline.loaded && !timeline.reset && rooms[roomId])
        .map(([roomId]) => [roomId, rooms[roomId].rev]),
    );
    this.socket.send({ type: "subscribe", since, ...(epoch && { epoch }) });
  }

  /** @param {string} roomId @param {string} userId */
  #typingStarted(roomId, userId) {
    const names = { room_id: roomId, user_id: userId };
    this.store.dispatch({ type: "typing_started", ...names, now: Date.now() });
    setTimeout(
      () => this.store.dispatch({ type: "typing_ended", room_id: roomId, now: Date.now() }),
      TYPING_SHOWN_MS,
    );
  }

  #subscribed() {
    this.socket.ready();
    this.#marked.clear();
    const { visit, timelines } = this.store.state;
    if (visit) {
      this.enter(visit.roomId);
      if (timelines[visit.roomId]?.failed)
        this.store.dispatch({ type: "page_retried", room_id: visit.roomId });
      this.history.latest(visit.roomId);
      if (this.store.state.reading === visit.roomId) this.#mark(visit.roomId);
    }
    this.sender.adopt();
    this.sender.flush();
    if (this.#resumed) {
      this.loadRooms();
      this.#loadServer();
    }
    this.#resumed = true;
  }

  /** @param {ErrorFrame} frame */
  #refused(frame) {
    const ref = typeof frame.ref === "string" ? frame.ref : "";
    if (ref === "presence" || ref.startsWith("draft ")) return undefined;
    if (!ref.startsWith("join ")) return this.sender.refused(ref, frame.error);
    const roomId = ref.slice(5);
    // A live room that is closing cannot be entered for a moment.
    setTimeout(
      () =>
        this.store.state.visit?.roomId === roomId &&
        this.store.state.rooms[roomId] &&
        this.enter(roomId),
      REJOIN_MS,
    );
  }

  /** What was read since the last mark is not left to its pause: the room or the page is left. */
  #markNow() {
    const { reading, held } = this.store.state;
    if (!this.#marking || !reading || reading === held) return;
    clearTimeout(this.#marking);
    this.#marking = undefined;
    this.#mark(reading);
  }

  /**
   * At once when quiet, at most once a second otherwise.
   * @param {string} roomId
   */
  #mark(roomId) {
    if (this.#marking) return;
    const { timelines, rooms, me, connection } = this.store.state;
    const newest = timelines[roomId]?.messages.at(-1);
    const room = rooms[roomId];
    if (
      !newest ||
      !room ||
      connection.state !== "online" ||
      newest.seq <= (this.#marked.get(roomId) ?? 0)
    )
      return;
    const first = !this.#marked.has(roomId);
    if (
      (newest.userId === me?.userId && !room.unreadCount) ||
      (first && !room.unreadCount && this.store.state.reading !== roomId)
    ) {
      this.#marked.set(roomId, newest.seq);
      return;
    }
    if (!this.#marks.send(roomId, newest.messageId)) return;
    this.#marked.set(roomId, newest.seq);
    this.#marking = setTimeout(() => {
      this.#marking = undefined;
      if (this.store.state.reading) this.#mark(this.store.state.reading);
    }, MARK_MS);
  }
}
