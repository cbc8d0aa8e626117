/** Which messages are saved, asked for once and kept up to date by frames. */

/** @import {ChatApp} from "./chat-app.js" */

/** As many as the server gives at once. */
const PAGE = 200;

/**
 * @param {ChatApp} app
 * @returns {Promise<Set<string>|null>} null: that cannot be known now
 */
export async function savedOf(app) {
  const { client, store } = app.chat;
  if (store.state.saved) return store.state.saved;
  /** @type {string[]} */
  const ids = [];
  try {
    let before = "";
    do {
      const page = await client.saved({ limit: PAGE, ...(before && { before }) });
      ids.push(...page.messages.map(({ messageId }) => messageId));
      before = page.cursor ?? "";
    } while (before);
  } catch {
    return null;
  }
  store.dispatch({ type: "saved_loaded", ids });
  return store.state.saved;
}
