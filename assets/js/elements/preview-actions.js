/** Asks for the previews of links, and removes them. Loaded with the first action that opens a dialog. */
import { withoutPreview } from "../lib/preview-links.js";

/** @import {LinkPreview} from "../lib/preview-links.js" */
/** @import {ChatApp} from "./chat-app.js" */
/** @import {DialogActions} from "./dialog-actions.js" */

/** @param {ChatApp} app @returns {DialogActions} */
export function previewActions(app) {
  const { chat } = app;
  /** The server fetches links of one message at a time for each user. @type {Promise<unknown>} */
  let last = Promise.resolve();
  const ask = async (
    /** @type {string} */ id,
    /** @type {string} */ messageId,
    /** @type {(previews: LinkPreview[]) => void} */ found,
  ) => {
    // Without an answer there is none; the next visit asks again.
    const path = `api/chatrooms/${id}/messages/${messageId}/previews`;
    const answer = await chat.client.ask("GET", path).catch(() => null);
    if (answer) found(answer.previews);
  };
  return {
    // Either they are needed, or one is to be removed.
    "link-preview": ({ messageId, found, content, url }, id) => {
      if (url) return chat.editMessage(id, messageId, withoutPreview(content, url));
      last = last.then(() => ask(id, messageId, found));
    },
  };
}
