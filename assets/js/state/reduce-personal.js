/**
 * Reducers of what only I see: settings of rooms, preferences, saved messages, threads; and of
 * statuses. Pure.
 */
import { lasting } from "../lib/status.js";
import { onRoom } from "./reduce-message.js";

/** @import {Reducers} from "../types.js" */

/**
 * @typedef {"room_settings"|"room_own"|"my_settings"|"preferences_loaded"|"message_saved"
 *   |"message_unsaved"|"saved_loaded"|"server_updated"|"threads_loaded"|"status_changed"
 *   |"statuses_loaded"|"statuses_ended"} Type
 */

/** @type {Reducers<Type>} */
export const personalReducers = {
  room_settings: (state, { room_id: roomId, notify, favourite, muted }) =>
    onRoom(state, roomId, () => ({ notify, favourite, muted })),
  // The answer of the REST API.
  room_own: (state, { own: { roomId, notify, favourite, muted } }) =>
    onRoom(state, roomId, () => ({ notify, favourite, muted })),
  my_settings: (state, { notify, keywords, quiet, language }) => ({
    ...state,
    preferences: { notify, keywords, quiet, ...(language && { language }) },
  }),
  preferences_loaded: (state, { preferences }) => ({ ...state, preferences }),
  // What is not known yet is being asked for.
  server_updated: (state, { name, accent, motd, icon }) =>
    state.server ? { ...state, server: { ...state.server, name, accent, motd, icon } } : state,
  message_saved: (state, { message_id: id }) => saved(state, id, true),
  message_unsaved: (state, { message_id: id }) => saved(state, id, false),
  saved_loaded: (state, { ids }) => ({ ...state, saved: new Set(ids) }),
  threads_loaded: (state, { threads }) => ({ ...state, threads }),
  status_changed: (state, { user_id: userId, status }) => {
    const { [userId]: _, ...rest } = state.statuses;
    if (userId === state.me?.userId) return { ...state, me: { ...state.me, status } };
    return { ...state, statuses: status ? { ...rest, [userId]: status } : rest };
  },
  statuses_loaded: (state, { statuses }) => ({
    ...state,
    statuses: Object.fromEntries(
      statuses
        .filter(({ userId }) => userId !== state.me?.userId)
        .map(({ userId, status }) => [userId, status]),
    ),
  }),
  statuses_ended: (state, { now }) => ({
    ...state,
    me: state.me && { ...state.me, status: lasting(state.me.status, now) },
    statuses: Object.fromEntries(
      Object.entries(state.statuses).filter(([, status]) => lasting(status, now)),
    ),
  }),
};

// Internal

/**
 * Until the list was asked for, nothing is known of it.
 * @param {import("../types.js").State} state
 * @param {string} id
 * @param {boolean} on
 */
function saved(state, id, on) {
  if (!state.saved || state.saved.has(id) === on) return state;
  const ids = new Set(state.saved);
  if (on) ids.add(id);
  else ids.delete(id);
  return { ...state, saved: ids };
}
