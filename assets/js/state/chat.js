/** The operations of the page. Each calls the server and dispatches the result to the store. */
import { Client } from "../api/client.js";
import { SessionKeeper } from "../api/session.js";
import { Socket } from "../api/socket.js";
import { ApiError } from "../lib/errors.js";
import { caption } from "../lib/media.js";
import { Drafts } from "./drafts.js";
import { Facts } from "./facts.js";
import { History } from "./history.js";
import { Live } from "./live.js";
import { Resumption } from "./resumption.js";
import { Sender } from "./sender.js";
import { Snapshot } from "./snapshot.js";
import { Store } from "./store.js";
import { messageById } from "./timeline.js";

/** @import {Pending, Role} from "../types.js" */
/** @import {Change} from "../types-own.js" */
/** @import {Attachments} from "./attachments.js" */

export class Chat {
  store = new Store();
  client = new Client();
  socket = new Socket();
  history = new History(this.store, this.client);
  facts = new Facts(this.store, this.client);
  sender = new Sender(this.store, this.socket);
  live = new Live({ ...this, signedOut: () => this.#signedOut(true) });
  /** @type {Drafts|null} of the user who was signed in last */
  drafts = null;
  /** @type {import("./synced.js").Synced|null} fetched when the page is connected */
  #synced = null;
  #keeper = new SessionKeeper(() => this.client.refresh());
  #snapshot = new Snapshot(this.store, () => this.#keeper.user);
  /** How it goes on with an earlier session. */
  resumption = new Resumption({
    ...this,
    keeper: this.#keeper,
    snapshot: this.#snapshot,
    welcome: (me) => this.#welcome(me),
    again: () => location.reload(),
  });
  /** @type {Attachments|null} loaded with the first file */
  #attachments = null;
  /** Rooms that are being looked up. */
  #looking = new Set(/** @type {string[]} */ ([]));
  /** Whose files it has. */
  #attaching = "";

  constructor() {
    this.client.onSession = (session) => this.#keeper.renewed(session);
    this.client.onSignedOut = () => this.#signedOut(true);
    addEventListener("storage", (event) => {
      const change = this.drafts?.changedElsewhere(event);
      if (change) this.store.dispatch({ type: "draft_changed", ...change });
    });
    this.socket.addEventListener("frame", (event) => {
      if (/** @type {CustomEvent} */ (event).detail.type === "subscribed") this.#connected();
    });
    addEventListener("beforeunload", (event) => {
      if (this.#attachments?.uploader.busy) event.preventDefault();
    });
  }

  // Session

  /** What is known of the server without signing in. */
  async loadServer() {
    try {
      this.store.dispatch({ type: "server_loaded", server: await this.client.server() });
    } catch {
      // The page works without its name.
    }
  }

  /** @param {string} userId @param {string} password @param {string} [code] */
  async signIn(userId, password, code) {
    await this.client.login(userId, password, code);
    this.#signedIn(await this.client.me());
  }

  /** @param {{userId: string, password: string, name?: string}} person */
  async register(person) {
    await this.client.register(person);
    await this.signIn(person.userId, person.password);
  }

  /** @param {{token: string, userId: string, password: string}} first */
  async setup(first) {
    await this.client.setup(first);
    await this.signIn(first.userId, first.password);
  }

  async signOut() {
    await this.client.logout();
    this.#attachments?.uploader.clear();
    this.#signedOut();
  }

  // Rooms

  /** @param {string} roomId */
  openRoom(roomId) {
    const { visit, rooms } = this.store.state;
    if (visit?.roomId === roomId) return;
    if (visit) this.live.leave(visit.roomId);
    this.store.dispatch({ type: "room_opened", room_id: roomId });
    // What an earlier visit has left is fetched when the server has told of the rooms.
    if (!rooms[roomId] || this.store.state.kept) return;
    this.live.enter(roomId);
    this.history.latest(roomId);
    this.facts.opened(rooms[roomId]);
    this.#synced?.drafts.opened(roomId);
  }

  closeRoom() {
    const { visit } = this.store.state;
    if (!visit) return;
    this.live.leave(visit.roomId);
    this.store.dispatch({ type: "room_closed" });
  }

  /** What a room is that I am not in: public rooms have facts for everybody. @param {string} roomId */
  async lookUp(roomId) {
    if (this.store.state.found[roomId] !== undefined || this.#looking.has(roomId)) return;
    this.#looking.add(roomId);
    try {
      const room = await this.client.room(roomId);
      const { me, rooms } = this.store.state;
      if (rooms[roomId] || !me) return;
      const mine = room.participants.some(({ userId }) => userId === me.userId);
      if (mine) this.store.dispatch({ type: "room_loaded", room });
      else this.store.dispatch({ type: "room_found", room_id: roomId, room });
    } catch (error) {
      // Without an answer it is asked again with the next change.
      if (error instanceof ApiError && [403, 404].includes(error.status))
        this.store.dispatch({ type: "room_found", room_id: roomId, room: null });
    } finally {
      this.#looking.delete(roomId);
    }
  }

  /**
   * @param {{targetUserIds: string[], name?: string, visibility?: string, direct?: boolean}} wanted
   * @returns {Promise<string>} its id
   */
  async createRoom(wanted) {
    return this.#entered(await this.client.createRoom(wanted));
  }

  /** @param {string} roomId */
  async joinRoom(roomId) {
    return this.#entered(await this.client.joinRoom(roomId));
  }

  /** @param {string} roomId */
  async leaveRoom(roomId) {
    await this.client.removePerson(roomId, this.store.state.me?.userId ?? "");
    this.store.dispatch({ type: "room_gone", room_id: roomId });
  }

  /** @param {string} roomId */
  async deleteRoom(roomId) {
    await this.client.deleteRoom(roomId);
    this.store.dispatch({ type: "room_gone", room_id: roomId });
  }

  /** @param {string} roomId @param {string} name */
  async renameRoom(roomId, name) {
    this.store.dispatch({ type: "room_loaded", room: await this.client.renameRoom(roomId, name) });
  }

  /** @param {string} roomId @param {string[]} people */
  async addPeople(roomId, people) {
    for (const userId of people) {
      await this.client.addPerson(roomId, userId).catch((error) => {
        if (error.code !== "already_exists") throw error;
      });
    }
    await this.facts.room(roomId);
  }

  /** @param {string} roomId @param {string} userId */
  async removePerson(roomId, userId) {
    await this.client.removePerson(roomId, userId);
    await this.facts.room(roomId);
  }

  /** @param {string} roomId @param {string} userId @param {{role?: Role, name?: string}} change */
  async changePerson(roomId, userId, { role, name }) {
    if (role !== undefined) await this.client.setRole(roomId, userId, role);
    if (name !== undefined) await this.client.setRoomName(roomId, userId, name);
    await this.facts.room(roomId);
  }

  /** @param {Change} change */
  async changeMe(change) {
    this.store.dispatch({ type: "me_changed", me: await this.client.changeMe(change) });
  }

  /** All other sessions first, so that a failure leaves me where I can try again. */
  async signOutEverywhere() {
    const sessions = await this.client.sessions();
    for (const { id, current } of sessions) if (!current) await this.client.endSession(id);
    await this.signOut();
  }

  async deleteAccount() {
    await this.client.deleteMe();
    this.drafts?.clear();
    this.#signedOut();
  }

  // Messages

  /** @param {string} roomId @param {string} messageId @param {string} content */
  async editMessage(roomId, messageId, content) {
    this.store.dispatch({
      type: "message_loaded",
      message: await this.client.editMessage(roomId, messageId, content),
    });
  }

  /** Uploads files; loaded when it is first asked for. @returns {Promise<Attachments>} */
  async attachments() {
    const { Attachments } = await import("./attachments.js");
    return (this.#attachments ??= new Attachments(this.store, this.sender, this.client));
  }

  /**
   * @param {string} roomId
   * @param {string} content
   * @param {import("./sender.js").Extras} extras
   */
  send(roomId, content, extras) {
    this.sender.send(roomId, content, extras);
    if (extras.waitsAs) this.#attachments?.follow(extras.waitsAs);
  }

  /** @param {string} clientId */
  retrySend(clientId) {
    if (this.#attachments?.has(clientId)) this.#attachments.retry(clientId);
    else this.sender.retry(clientId);
  }

  /**
   * A message that was not sent becomes the one being written.
   * @param {string} clientId
   * @returns {Promise<string|null>} its text, without the names of its files; null if it is gone
   */
  async takeBack(clientId) {
    const pending = this.store.state.outbox.find((entry) => entry.clientId === clientId);
    if (!pending) return null;
    const media = pending.media ?? [];
    if (media.length || this.#attachments?.has(clientId))
      (await this.attachments()).takeBack(pending);
    this.sender.discard(clientId);
    return pending.content === caption(media) ? "" : pending.content;
  }

  /** @param {string} roomId @param {string} text @param {string} [replyTo] the message it answers */
  keepDraft(roomId, text, replyTo) {
    const changed = this.drafts?.keep(roomId, text, replyTo);
    this.store.dispatch({ type: "draft_changed", room_id: roomId, text });
    if (changed) this.#synced?.drafts.changed(roomId);
  }

  /** @param {string} roomId @param {string} messageId @param {string} reaction */
  async toggleReaction(roomId, messageId, reaction) {
    const { me, timelines } = this.store.state;
    const held = messageById(timelines[roomId], messageId)?.reactions?.find(
      (entry) => entry.reactionType === reaction,
    );
    if (held?.userIds.includes(me?.userId ?? ""))
      await this.client.unreact(roomId, messageId, reaction);
    else await this.client.react(roomId, messageId, reaction);
  }

  /** @param {import("./search-words.js").Asked & {before?: string, limit?: number}} query */
  async search(query) {
    const found = await this.client.search(query);
    for (const roomId of new Set(found.messages.map((hit) => hit.roomId))) {
      this.history.learnNames(
        roomId,
        found.messages.filter((hit) => hit.roomId === roomId),
      );
    }
    return found;
  }

  // Internal

  /** @param {import("../types.js").User} me */
  #signedIn(me) {
    this.#welcome(me);
    this.live.start();
  }

  /** What of this person is in this browser. @param {import("../types.js").User} me */
  #welcome(me) {
    this.#keeper.belongsTo(me.userId);
    this.drafts = new Drafts(me.userId);
    if (this.#attaching !== me.userId) this.#attachments?.uploader.clear();
    this.#attaching = me.userId;
    const outbox = this.sender.restore(me.userId).map((pending) => this.#restored(pending));
    this.store.dispatch({ type: "signed_in", me, outbox, drafts: this.drafts.load() });
    for (const { clientId, state } of outbox)
      if (state === "uploading") this.#attachments?.retry(clientId);
  }

  /** What comes from other devices and people; if it cannot be loaded, the next connection tries. */
  async #connected() {
    const drafts = this.drafts;
    const load = () => import("./synced.js");
    const found = await load().catch(() => null);
    if (!found || !drafts || drafts !== this.drafts || !this.store.state.me) return;
    this.#synced ??= new found.Synced({ ...this, drafts });
    this.#synced.start();
  }

  /**
   * The files of a message that waited for them are only known to the page that uploads them.
   * @param {Pending} pending
   * @returns {Pending}
   */
  #restored(pending) {
    if (pending.state !== "uploading" || this.#attachments?.has(pending.clientId)) return pending;
    return { ...pending, state: "failed", reason: "files_lost", lasting: true };
  }

  /** @param {boolean} [ended] not by me, here and now */
  #signedOut(ended = false) {
    this.#keeper.stop();
    this.#synced?.stop();
    this.#synced = null;
    this.#snapshot.clear();
    this.live.stop();
    this.store.dispatch({ type: "signed_out", ended });
  }

  /** @param {import("../types.js").Room} room */
  #entered(room) {
    this.store.dispatch({ type: "room_loaded", room });
    return room.roomId;
  }
}
