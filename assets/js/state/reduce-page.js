/** Reducers of what the user sees and writes in this page. Pure. */

/** @import {Pending, Reducers, State} from "../types.js" */

/**
 * @typedef {"routed"|"quote_loaded"|"draft_changed"|"context_changed"|"edit_failed"
 *   |"details_toggled"|"directory_loaded"|"directory_failed"|"queued"|"send_failed"
 *   |"send_retried"|"send_dropped"|"send_uploading"|"upload_progress"|"uploaded"} Type
 */

/** @type {Reducers<Type>} */
export const pageReducers = {
  routed: (state, { route }) => ({
    ...state,
    route,
    lost: state.lost?.room.roomId === route.roomId ? state.lost : null,
  }),
  quote_loaded: (state, { messageId, message }) => ({
    ...state,
    quoted: { ...state.quoted, [messageId]: message },
  }),

  draft_changed: (state, { room_id: roomId, text }) =>
    (state.drafts[roomId] ?? "") === text
      ? state
      : { ...state, drafts: { ...state.drafts, [roomId]: text } },
  context_changed: (state, { context }) => ({ ...state, context, editError: "" }),
  edit_failed: (state, { error }) => ({ ...state, editError: error }),

  details_toggled: (state, { open }) => ({ ...state, detailsOpen: open }),
  directory_loaded: (state, { rooms }) => ({ ...state, directory: { rooms, error: "" } }),
  directory_failed: (state, { error }) => ({
    ...state,
    directory: { ...state.directory, error },
  }),

  queued: (state, { pending }) => ({ ...state, outbox: [...state.outbox, pending] }),
  send_failed: (state, { clientId, reason, lasting }) =>
    withPending(state, clientId, { state: "failed", reason, lasting }),
  send_retried: (state, { clientId }) =>
    withPending(state, clientId, { state: "pending", reason: undefined }),
  send_uploading: (state, { clientId }) =>
    withPending(state, clientId, { state: "uploading", reason: undefined }),
  uploaded: (state, { clientId, content, media }) =>
    withPending(withUploads(state, clientId, []), clientId, { state: "pending", content, media }),
  upload_progress: (state, { clientId, uploads }) => withUploads(state, clientId, uploads),
  send_dropped: (state, { clientId }) => ({
    ...state,
    outbox: state.outbox.filter((pending) => pending.clientId !== clientId),
  }),
};

// Internal

/**
 * @param {State} state
 * @param {string} clientId
 * @param {import("../types.js").Progress[]} uploads
 * @returns {State}
 */
function withUploads(state, clientId, uploads) {
  const { [clientId]: _, ...rest } = state.uploads;
  return { ...state, uploads: uploads.length ? { ...rest, [clientId]: uploads } : rest };
}

/**
 * @param {State} state
 * @param {string} clientId
 * @param {Partial<Pending>} change
 * @returns {State}
 */
function withPending(state, clientId, change) {
  const outbox = state.outbox.map((pending) =>
    pending.clientId === clientId ? { ...pending, ...change } : pending,
  );
  return { ...state, outbox };
}
