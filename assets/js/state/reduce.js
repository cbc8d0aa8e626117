/**
 * (state, action) → state. Pure. An action that changes nothing returns the same state, so that
 * nothing is drawn again.
 */
import { messageReducers } from "./reduce-message.js";
import { pageReducers } from "./reduce-page.js";
import { personalReducers } from "./reduce-personal.js";
import { presenceReducers } from "./reduce-presence.js";
import { roomReducers } from "./reduce-room.js";

/** @import {Action, ActionOf, Person, Reducers, State} from "../types.js" */

/** @typedef {"signed_in"|"signed_out"|"me_changed"|"person_loaded"|"server_loaded"} SessionType */

/** @returns {State} */
export function initialState() {
  return {
    me: null,
    server: null,
    ready: false,
    listFailed: false,
    kept: false,
    rooms: {},
    timelines: {},
    pins: {},
    people: {},
    pictures: {},
    quoted: {},
    outbox: [],
    uploads: {},
    drafts: {},
    statuses: {},
    context: null,
    editError: "",
    detailsOpen: false,
    directory: { rooms: null, error: "" },
    online: {},
    presence: null,
    shown: [],
    typing: {},
    reads: {},
    visit: null,
    found: {},
    lost: null,
    preferences: null,
    saved: null,
    threads: null,
    held: null,
    reading: null,
    epoch: undefined,
    connection: { state: "connecting" },
    route: { page: "rooms" },
    ended: false,
  };
}

/** @type {Reducers<SessionType>} */
const sessionReducers = {
  signed_in: signedIn,
  signed_out: (state, { ended }) => ({
    ...initialState(),
    route: state.route,
    server: state.server,
    ended: Boolean(ended) && (state.ended || state.me !== null),
  }),
  server_loaded: (state, { server }) => ({ ...state, server }),
  me_changed: (state, { me }) => ({ ...state, me, ...known(state, me) }),
  person_loaded: (state, { person }) => ({ ...state, ...known(state, person) }),
};

/** @type {Reducers<Action["type"]>} */
const reducers = {
  ...sessionReducers,
  ...presenceReducers,
  ...pageReducers,
  ...personalReducers,
  ...roomReducers,
  ...messageReducers,
};

/**
 * A frame of an unknown type, from a newer server, changes nothing.
 * @param {State} state
 * @param {Action} action
 * @returns {State}
 */
export function reduce(state, action) {
  if (!Object.hasOwn(reducers, action.type)) return state;
  const reducer = /** @type {(state: State, action: Action) => State} */ (reducers[action.type]);
  return reducer(state, action);
}

// Internal

/**
 * @param {State} state
 * @param {ActionOf<"signed_in">} action
 * @returns {State}
 */
function signedIn(state, { me, outbox, drafts = {} }) {
  const fresh = initialState();
  const { route, server } = state;
  return { ...fresh, route, server, me, outbox, drafts, ...known(fresh, me) };
}

/**
 * The name and the picture of a person.
 * @param {State} state
 * @param {Person} person
 */
function known(state, { userId, name, media }) {
  return {
    people: { ...state.people, [userId]: name },
    pictures: { ...state.pictures, [userId]: media?.name ?? "" },
  };
}
