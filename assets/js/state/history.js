/**
 * Loads messages into the store: the latest page, gaps, the surroundings of a message, quoted
 * messages.
 */

/** @import {Client} from "../api/client.js" */
/** @import {ApiError} from "../lib/errors.js" */
/** @import {Message, Range} from "../types.js" */
/** @import {Store} from "./store.js" */

const PAGE = 50;
const PAGE_MOST = 200;
/** Messages that are looked at together in the search for a day. */
const PROBES = 4;
/** In larger rooms the server sends read marks to authors only. */
const READERS_ROOM = 100;

export class History {
  #store;
  #client;
  /** @type {Set<string>} requests on their way */
  #asked = new Set();

  /**
   * @param {Store} store
   * @param {Client} client
   */
  constructor(store, client) {
    this.#store = store;
    this.#client = client;
  }

  /**
   * The latest page, with everything unread when that is not too much.
   * @param {string} roomId
   */
  async latest(roomId) {
    this.#store.dispatch({ type: "history_opened", room_id: roomId });
    const timeline = this.#store.state.timelines[roomId];
    if (timeline.loaded && !timeline.reset) return;
    const limit = Math.min(PAGE_MOST, Math.max(PAGE, (this.#store.state.visit?.unread ?? 0) + 20));
    await this.#once(`${roomId} latest`, async () => {
      const messages = await this.#fetch(roomId, { limit }, [1, Number.MAX_SAFE_INTEGER]);
      if (!messages) return;
      const last = messages.at(-1)?.seq ?? 0;
      this.#loaded(
        roomId,
        messages,
        last ? [messages.length < limit ? 1 : messages[0].seq, last] : null,
      );
      this.#readers(roomId);
    });
  }

  /**
   * A page of what is missing, from its newer or its older end.
   * @param {string} roomId
   * @param {Range} gap
   * @param {"older"|"newer"} direction
   */
  fill(roomId, gap, direction) {
    return this.#once(`${roomId} ${gap[0]} ${gap[1]}`, async () => {
      const older = direction === "older";
      const messages = await this.#fetch(
        roomId,
        older ? { before: gap[1] + 1, limit: PAGE } : { after: gap[0] - 1, limit: PAGE },
        gap,
      );
      if (!messages) return;
      /** @type {Range} */
      let covered = gap;
      if (messages.length === PAGE) {
        covered = older ? [messages[0].seq, gap[1]] : [gap[0], messages[PAGE - 1].seq];
      }
      this.#loaded(roomId, messages, covered);
    });
  }

  /**
   * What stands around a message, so that it can be shown.
   * @param {string} roomId
   * @param {string} messageId
   */
  around(roomId, messageId) {
    return this.#once(`${roomId} ${messageId}`, async () => {
      const messages = await this.#client.messages(roomId, { around: messageId, limit: PAGE });
      this.#loaded(roomId, messages, null);
    });
  }

  /**
   * The first messages of a room.
   * @param {string} roomId
   */
  async first(roomId) {
    const messages = await this.#client.messages(roomId, { after: 0, limit: PAGE });
    const last = messages.at(-1)?.seq;
    this.#loaded(roomId, messages, last ? [1, last] : null);
  }

  /**
   * The first message since a time, with what stands around it.
   * @param {string} roomId
   * @param {number} from ms since 1970
   * @returns {Promise<number|null>} its seq; null when there is none
   */
  async since(roomId, from) {
    const lastSeq = this.#store.state.rooms[roomId]?.lastSeq ?? 0;
    const isBefore = (/** @type {Message} */ message) => Date.parse(message.createdAt) < from;
    const held = this.#store.state.timelines[roomId]?.messages ?? [];
    // Messages are in the order of time: `low` is before it, `high` is not.
    let low = held.findLast(isBefore)?.seq ?? 0;
    let high = held.find((message) => !isBefore(message))?.seq ?? lastSeq + 1;
    while (high - low > 1) {
      const step = (high - low) / (PROBES + 1);
      const seqs = Array.from(
        { length: PROBES },
        (_, index) => low + Math.ceil(step * (index + 1)),
      );
      const probed = await Promise.all(
        [...new Set(seqs)]
          .filter((seq) => seq < high)
          .map(async (seq) => {
            const [message] = await this.#client.messages(roomId, { around: seq, limit: 1 });
            return { seq, before: !message || isBefore(message) };
          }),
      );
      low = probed.findLast(({ before }) => before)?.seq ?? low;
      high = probed.find(({ before }) => !before)?.seq ?? high;
    }
    if (high > lastSeq) return null;
    this.#loaded(roomId, await this.#client.messages(roomId, { around: high, limit: PAGE }), null);
    return high;
  }

  /**
   * A message that is quoted and not held.
   * @param {string} roomId
   * @param {string} messageId
   */
  quote(roomId, messageId) {
    return this.#once(`quote ${messageId}`, async () => {
      const found = await this.#client
        .messages(roomId, { around: messageId, limit: 1 })
        .catch(() => /** @type {Message[]} */ ([]));
      const message = found.find((entry) => entry.messageId === messageId) ?? null;
      this.#store.dispatch({ type: "quote_loaded", messageId, message });
      if (message) this.learnNames(roomId, [message]);
    });
  }

  /**
   * Names of authors who are not (any more) in the room.
   * @param {string} roomId
   * @param {Message[]} messages
   */
  learnNames(roomId, messages) {
    const { people, rooms } = this.#store.state;
    const known = new Set(rooms[roomId]?.participants.map((person) => person.userId));
    for (const userId of new Set(messages.map((message) => message.userId))) {
      if (!userId || known.has(userId) || people[userId]) continue;
      this.#once(`person ${userId}`, async () => {
        const person = await this.#client.person(userId).catch(() => ({ userId, name: userId }));
        this.#store.dispatch({ type: "person_loaded", person: { ...person, userId } });
      });
    }
  }

  // Internal

  /**
   * @param {string} key
   * @param {() => Promise<void>} work
   */
  async #once(key, work) {
    if (this.#asked.has(key)) return;
    this.#asked.add(key);
    try {
      await work();
    } finally {
      this.#asked.delete(key);
    }
  }

  /**
   * @param {string} roomId
   * @param {Record<string, number>} query
   * @param {Range} gap shown as not fetched when it fails
   * @returns {Promise<Message[]|null>}
   */
  async #fetch(roomId, query, gap) {
    try {
      return await this.#client.messages(roomId, query);
    } catch (error) {
      const { status } = /** @type {ApiError} */ (error);
      if (status === 404) this.#store.dispatch({ type: "room_gone", room_id: roomId });
      else this.#store.dispatch({ type: "page_failed", room_id: roomId, gap });
      return null;
    }
  }

  /**
   * @param {string} roomId
   * @param {Message[]} messages
   * @param {Range|null} covered
   */
  #loaded(roomId, messages, covered) {
    this.#store.dispatch({ type: "page_loaded", room_id: roomId, messages, covered });
    this.learnNames(roomId, messages);
  }

  /** @param {string} roomId */
  async #readers(roomId) {
    const { rooms, timelines } = this.#store.state;
    const oldest = timelines[roomId]?.messages[0];
    if (!oldest || !rooms[roomId] || rooms[roomId].userCount > READERS_ROOM) return;
    const readers = await this.#client.readers(roomId, oldest.messageId).catch(() => []);
    this.#store.dispatch({
      type: "readers_loaded",
      room_id: roomId,
      readers: Object.fromEntries(readers.map(({ userId, lastReadSeq }) => [userId, lastReadSeq])),
    });
  }
}
