/**
 * (state, event) → state. Pure. Events are the frames of the socket and, under names of their own,
 * what the page did. A frame that says nothing new returns the same state, so nothing is drawn for
 * it.
 */
import { reduceMessage } from "./reduce-message.js";
import { reduceRoom } from "./reduce-room.js";

/** @import {Event, State} from "../types.js" */

/** A person counts as typing for this long after the last sign of it. */
const TYPING_MS = 6000;

/** @returns {State} */
export function initialState() {
  return {
    me: null,
    ready: false,
    rooms: {},
    timelines: {},
    people: {},
    pictures: {},
    quoted: {},
    outbox: [],
    drafts: {},
    online: {},
    typing: {},
    reads: {},
    visit: null,
    reading: null,
    epoch: undefined,
    connection: { state: "connecting" },
    route: { page: "rooms" },
    ended: false,
  };
}

/**
 * @param {State} state
 * @param {Event} event
 * @returns {State}
 */
export function reduce(state, event) {
  return reduceMessage(state, event) ?? reduceRoom(state, event) ?? reduceRest(state, event);
}

// Internal

/**
 * Myself, the connection, presence, typing and the outbox.
 * @param {State} state
 * @param {Event} event
 * @returns {State}
 */
function reduceRest(state, event) {
  switch (event.type) {
    case "signed_in":
      return {
        ...initialState(),
        route: state.route,
        me: event.me,
        outbox: event.outbox,
        drafts: event.drafts ?? {},
        people: { [event.me.userId]: event.me.name },
        pictures: { [event.me.userId]: event.me.media?.name ?? "" },
      };
    case "signed_out":
      return {
        ...initialState(),
        route: state.route,
        ended: Boolean(event.ended) && (state.ended || state.me !== null),
      };
    case "me_changed":
      return { ...state, me: event.me, ...known(state, event.me) };
    case "routed":
      return { ...state, route: event.route };
    case "connection":
      return {
        ...state,
        connection: event.connection,
        ...(event.connection.state === "online" ? {} : { online: {}, typing: {} }),
      };
    case "connection_established":
      return { ...state, epoch: event.epoch };
    case "person_loaded":
      return { ...state, ...known(state, event.person) };
    case "quote_loaded":
      return { ...state, quoted: { ...state.quoted, [event.messageId]: event.message } };

    case "room_joined":
      return { ...state, online: { ...state.online, [event.room_id]: event.online ?? [] } };
    case "room_left":
      return {
        ...state,
        online: without(state.online, event.room_id),
        typing: without(state.typing, event.room_id),
      };
    case "user_joined":
      return present(state, event.room_id, [event.user_id], []);
    case "user_left":
      return present(state, event.room_id, [], [event.user_id]);
    case "presence":
      return present(state, event.room_id, event.joined ?? [], event.left ?? []);
    case "user_typing":
      if (event.user_id === state.me?.userId) return state;
      return typing(state, event.room_id, {
        ...state.typing[event.room_id],
        [event.user_id]: event.now + TYPING_MS,
      });
    case "typing_ended": {
      const alive = Object.entries(state.typing[event.room_id] ?? {}).filter(
        ([, until]) => until > event.now,
      );
      return typing(state, event.room_id, Object.fromEntries(alive));
    }

    case "draft_changed":
      if ((state.drafts[event.room_id] ?? "") === event.text) return state;
      return { ...state, drafts: { ...state.drafts, [event.room_id]: event.text } };
    case "queued":
      return { ...state, outbox: [...state.outbox, event.pending] };
    case "send_failed":
      return outbox(state, event.clientId, { state: "failed", reason: event.reason });
    case "send_retried":
      return outbox(state, event.clientId, { state: "pending", reason: undefined });
    case "send_dropped":
      return {
        ...state,
        outbox: state.outbox.filter((pending) => pending.clientId !== event.clientId),
      };
    default:
      return state;
  }
}

/**
 * The name and the picture of a person.
 * @param {State} state
 * @param {import("../types.js").Person} person
 */
function known(state, { userId, name, media }) {
  return {
    people: { ...state.people, [userId]: name },
    pictures: { ...state.pictures, [userId]: media?.name ?? "" },
  };
}

/**
 * @param {State} state
 * @param {string} roomId
 * @param {string[]} joined
 * @param {string[]} left
 */
function present(state, roomId, joined, left) {
  const held = state.online[roomId];
  if (!held) return state;
  const now = [...new Set([...held.filter((id) => !left.includes(id)), ...joined])];
  const gone = Object.fromEntries(
    Object.entries(state.typing[roomId] ?? {}).filter(([id]) => !left.includes(id)),
  );
  return typing({ ...state, online: { ...state.online, [roomId]: now } }, roomId, gone);
}

/**
 * @param {State} state
 * @param {string} roomId
 * @param {Record<string, number>} people
 * @returns {State}
 */
function typing(state, roomId, people) {
  return { ...state, typing: { ...state.typing, [roomId]: people } };
}

/**
 * @param {State} state
 * @param {string} clientId
 * @param {Partial<import("../types.js").Pending>} change
 * @returns {State}
 */
function outbox(state, clientId, change) {
  return {
    ...state,
    outbox: state.outbox.map((pending) =>
      pending.clientId === clientId ? { ...pending, ...change } : pending,
    ),
  };
}

/**
 * @template T
 * @param {Record<string, T>} record
 * @param {string} key
 * @returns {Record<string, T>}
 */
export function without(record, key) {
  const { [key]: _, ...rest } = record;
  return rest;
}
