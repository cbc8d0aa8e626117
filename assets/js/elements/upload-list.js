/**
 * The uploads of the next message, above the composer. Each can be removed. Emits `uploads-change`.
 */
import { emit, fill, h, setText, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { keyed } from "../lib/keyed.js";
import { reasonText } from "./upload-errors.js";
import {
  isBusy,
  mayRetry,
  next,
  reasonOf,
  uploaded,
  withChange,
  withFiles,
} from "../state/uploads.js";

/** @import {Media} from "../types.js" */
/** @import {Upload} from "../state/uploads.js" */

/**
 * @typedef {(file: File, progress: (part: number) => void, signal: AbortSignal) => Promise<Media>}
 *   Send
 */

export class UploadList extends HTMLElement {
  /** @type {Map<string, Upload[]>} by room */
  #lists = new Map();
  /** @type {Map<string, {file: File, stop: AbortController}>} */
  #files = new Map();
  #roomId = "";
  #count = 0;
  #list = h("ul", { class: "uploads wrap", "aria-label": t("upload.title") });
  /** Handed down by the composer. @type {Send} */
  send = () => Promise.reject(new Error("not connected"));

  // Lifecycle

  connectedCallback() {
    this.append(this.#list);
  }

  /** Which room's files are shown. @param {string} roomId */
  set room(roomId) {
    this.#roomId = roomId;
    this.#draw();
  }

  get busy() {
    return isBusy(this.#now());
  }

  get media() {
    return uploaded(this.#now());
  }

  get failed() {
    return this.#now().some((upload) => upload.state === "failed");
  }

  // Actions

  /** @param {File[]} files */
  add(files) {
    const named = files.map((file) => {
      this.#count += 1;
      const key = `file-${this.#count}`;
      this.#files.set(key, { file, stop: new AbortController() });
      return { key, name: file.name || t("upload.unnamed"), type: file.type };
    });
    this.#change(this.#roomId, withFiles(this.#now(), named));
    this.#pump(this.#roomId);
  }

  /**
   * What is there goes with the message; what was refused stays until it is taken back.
   * @returns {Media[]}
   */
  take() {
    const media = this.media;
    this.#change(
      this.#roomId,
      this.#now().filter((upload) => upload.state === "failed"),
    );
    return media;
  }

  // Internal

  #now() {
    return this.#lists.get(this.#roomId) ?? [];
  }

  /** @param {string} roomId @param {Upload[]} list */
  #change(roomId, list) {
    this.#lists.set(roomId, list);
    for (const key of this.#files.keys())
      if (![...this.#lists.values()].flat().some((upload) => upload.key === key))
        this.#files.delete(key);
    if (roomId === this.#roomId) this.#draw();
    emit(this, "uploads-change");
  }

  /** @param {string} roomId */
  #pump(roomId) {
    for (const { key } of next(this.#lists.get(roomId) ?? [])) this.#start(roomId, key);
  }

  /** @param {string} roomId @param {string} key */
  async #start(roomId, key) {
    const entry = this.#files.get(key);
    if (!entry) return;
    const change = (/** @type {Partial<Upload>} */ what) =>
      this.#change(roomId, withChange(this.#lists.get(roomId) ?? [], key, what));
    change({ state: "sending", part: 0, reason: undefined });
    try {
      const media = await this.send(entry.file, (part) => change({ part }), entry.stop.signal);
      change({ state: "done", part: 1, media });
    } catch (error) {
      if (!entry.stop.signal.aborted)
        change({ state: "failed", reason: reasonOf(/** @type {any} */ (error)) });
    }
    this.#pump(roomId);
  }

  /** @param {string} key */
  #remove(key) {
    this.#files.get(key)?.stop.abort();
    this.#change(
      this.#roomId,
      this.#now().filter((upload) => upload.key !== key),
    );
    this.#pump(this.#roomId);
  }

  /** @param {string} key */
  #retry(key) {
    this.#change(this.#roomId, withChange(this.#now(), key, { state: "waiting" }));
    this.#pump(this.#roomId);
  }

  #draw() {
    this.hidden = this.#now().length === 0;
    keyed(
      this.#list,
      this.#now(),
      (upload) => upload.key,
      (upload) => this.#make(upload),
      change,
    );
  }

  /** @param {Upload} upload */
  #make({ key, name, picture }) {
    const label = t("upload.remove", { name });
    return h(
      "li",
      { class: "media" },
      icon(picture ? "image" : "file", "small"),
      h("span", { class: "truncate", title: name }, h("bdi", null, name)),
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": label,
          title: label,
          onclick: () => this.#remove(key),
        },
        icon("close"),
      ),
      h("progress", { max: "1" }),
      h(
        "p",
        { class: "error meta", role: "alert", hidden: true },
        h("span"),
        h(
          "button",
          { type: "button", class: "retry", onclick: () => this.#retry(key) },
          t("send.retry"),
        ),
      ),
    );
  }
}

// Internal

/** @param {HTMLElement} node @param {Upload} upload */
function change(node, upload) {
  const { state, part, reason = "failed", name } = upload;
  const progress = /** @type {HTMLProgressElement} */ (node.children[3]);
  const error = /** @type {HTMLElement} */ (node.children[4]);
  const [words, retry] = /** @type {HTMLCollectionOf<HTMLElement>} */ (error.children);
  set(node, { "data-state": state });
  progress.hidden = state === "failed";
  set(progress, {
    value: part,
    "aria-label":
      state === "done"
        ? t("upload.done", { name })
        : t("upload.progress", { name, n: Math.round(part * 100) }),
  });
  error.hidden = state !== "failed";
  retry.hidden = !mayRetry(upload);
  if (state === "failed") setText(words, reasonText(reason));
  else fill(words);
}

customElements.define("upload-list", UploadList);
