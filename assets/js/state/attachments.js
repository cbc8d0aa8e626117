/**
 * Messages whose files are still being uploaded: each goes out when they are there, whatever room is
 * open by then. Loaded with the first file.
 */
import { caption, fileName } from "../lib/media.js";
import { Uploader } from "./uploader.js";
import { isBusy, mayRetry, uploaded } from "./uploads.js";

/** @import {Client} from "../api/client.js" */
/** @import {Pending} from "../types.js" */
/** @import {Sender} from "./sender.js" */
/** @import {Store} from "./store.js" */

export class Attachments {
  uploader;
  #store;
  #sender;

  /**
   * @param {Store} store
   * @param {Sender} sender
   * @param {Client} client
   */
  constructor(store, sender, client) {
    this.#store = store;
    this.#sender = sender;
    this.uploader = new Uploader((...args) => client.upload(...args));
    this.uploader.addEventListener("change", (event) =>
      this.#changed(/** @type {CustomEvent<string>} */ (event).detail),
    );
    // A message dropped or confirmed elsewhere needs its files no more.
    store.addEventListener("change", () => this.#sweep());
  }

  /** Does the message wait for files of this page? @param {string} clientId */
  has(clientId) {
    return this.uploader.list(clientId).length > 0;
  }

  // Actions

  /** The message is known now. @param {string} clientId */
  follow(clientId) {
    this.#changed(clientId);
  }

  /** @param {string} clientId */
  retry(clientId) {
    this.#store.dispatch({ type: "send_uploading", clientId });
    this.uploader.retry(clientId);
    this.#changed(clientId);
  }

  /**
   * The files of a message go back to those of the message being written.
   * @param {Pending} pending
   */
  takeBack({ clientId, roomId, media = [] }) {
    this.uploader.put(
      roomId,
      media.map((file) => ({
        key: `media-${file.id}`,
        name: fileName(file),
        picture: file.isImage,
        part: 1,
        state: "done",
        media: file,
      })),
    );
    this.uploader.move(clientId, roomId);
  }

  // Internal

  /** @param {string} owner */
  #changed(owner) {
    const pending = this.#store.state.outbox.find((entry) => entry.clientId === owner);
    if (!pending || pending.state === "pending") return;
    const list = this.uploader.list(owner);
    const uploads = list.map(({ name, part }) => ({ name, part: Math.round(part * 100) / 100 }));
    const held = this.#store.state.uploads[owner] ?? [];
    if (JSON.stringify(uploads) !== JSON.stringify(held))
      this.#store.dispatch({ type: "upload_progress", clientId: owner, uploads });
    if (pending.state !== "uploading" || isBusy(list)) return;
    const failed = list.find(({ state }) => state === "failed");
    if (failed)
      this.#store.dispatch({
        type: "send_failed",
        clientId: owner,
        reason: failed.reason === "failed" ? "internal" : `upload.${failed.reason}`,
        lasting: !mayRetry(failed),
      });
    else if (list.length) {
      const media = uploaded(list);
      this.#sender.uploaded(owner, pending.content || caption(media), media);
      this.uploader.drop(owner);
    }
  }

  #sweep() {
    const { outbox, uploads } = this.#store.state;
    for (const clientId of Object.keys(uploads))
      if (!outbox.some((pending) => pending.clientId === clientId)) {
        this.uploader.drop(clientId);
        this.#store.dispatch({ type: "upload_progress", clientId, uploads: [] });
      }
  }
}
