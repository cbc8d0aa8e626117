/** Reducers of what only I see: settings of rooms, preferences, saved messages. Pure. */
import { onRoom } from "./reduce-message.js";

/** @import {Reducers} from "../types.js" */

/**
 * @typedef {"room_settings"|"room_own"|"my_settings"|"preferences_loaded"|"message_saved"
 *   |"message_unsaved"|"saved_loaded"} Type
 */

/** @type {Reducers<Type>} */
export const personalReducers = {
  room_settings: (state, { room_id: roomId, notify, favourite, muted }) =>
    onRoom(state, roomId, () => ({ notify, favourite, muted })),
  // The answer of the REST API.
  room_own: (state, { own: { roomId, notify, favourite, muted } }) =>
    onRoom(state, roomId, () => ({ notify, favourite, muted })),
  my_settings: (state, { notify, keywords, quiet }) => ({
    ...state,
    preferences: { notify, keywords, quiet },
  }),
  preferences_loaded: (state, { preferences }) => ({ ...state, preferences }),
  message_saved: (state, { message_id: id }) => saved(state, id, true),
  message_unsaved: (state, { message_id: id }) => saved(state, id, false),
  saved_loaded: (state, { ids }) => ({ ...state, saved: new Set(ids) }),
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
