/**
 * Adds files to the composer: button, paste; dropped ones come from elements/drop-zone.js. The
 * uploader and its list are loaded with the first file. Emits `files-failed`.
 */
import { emit, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { newClientId } from "../state/outbox.js";
import { lazy } from "./lazy.js";

/** @import {Media} from "../types.js" */
/** @import {Uploader} from "../state/uploader.js" */
/** @import {UploadList} from "./upload-list.js" */

export class ComposerFiles {
  #input = h("input", {
    type: "file",
    multiple: true,
    hidden: true,
    onchange: () => {
      this.add([...(this.#input.files ?? [])]);
      this.#input.value = "";
    },
  });
  button = h(
    "button",
    {
      class: "icon-button attach",
      type: "button",
      "aria-label": t("upload.attach"),
      title: t("upload.attach"),
      onclick: () => this.#input.click(),
    },
    icon("clip"),
  );
  /** @type {UploadList|null} */
  #list = null;
  /** @type {Uploader|null} */
  #uploader = null;
  #room = "";
  /** Files that wait for the uploader: of a room, or of a message that was sent already. */
  #early = new Set(/** @type {{owner: string, files: File[]}[]} */ ([]));
  #box;
  #changed;
  /** Handed down by the composer. @type {() => Promise<Uploader>} */
  uploader = () => Promise.reject(new Error("not connected"));

  /**
   * @param {HTMLElement} box the list is its first child
   * @param {() => void} changed
   */
  constructor(box, changed) {
    this.#box = box;
    this.#changed = changed;
    box.append(this.#input);
    box.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      this.add(files);
    });
  }

  /** @param {string} roomId */
  set room(roomId) {
    this.#room = roomId;
    this.#draw();
  }

  /** A message that is edited keeps the files that it has. @param {boolean} off */
  set off(off) {
    this.button.disabled = off;
    set(this.#box, { "data-no-files": off });
  }

  /** Can files be added? */
  get on() {
    return !this.button.disabled;
  }

  get busy() {
    return (
      [...this.#early].some(({ owner }) => owner === this.#room) ||
      this.#now.some(({ state }) => state === "waiting" || state === "sending")
    );
  }

  /** @returns {Media[]} */
  get media() {
    return this.#now.flatMap(({ media }) => media ?? []);
  }

  // Actions

  /** @param {File[]} files */
  async add(files) {
    if (files.length === 0 || !this.on) return;
    const early = { owner: this.#room, files };
    this.#early.add(early);
    this.#changed();
    // What is typed next is the text to them.
    this.#box.querySelector("textarea")?.focus();
    try {
      await this.#load();
      this.#early.delete(early);
      this.#list?.add(early.owner, files);
    } catch {
      this.#early.delete(early);
      this.#changed();
      emit(this.#box, "files-failed", early.owner);
    }
  }

  /** Shows the files that came back from a message that could not be sent. */
  async show() {
    await this.#load();
    this.#draw();
    this.#changed();
  }

  /** @returns {Media[]} what goes with the message */
  take() {
    return (this.on && this.#uploader?.take(this.#room)) || [];
  }

  /**
   * What is there, and what is on its way, goes with a message that waits for it. What was refused
   * stays until it is removed.
   * @returns {string} the client id of that message
   */
  release() {
    const clientId = newClientId();
    for (const early of this.#early) if (early.owner === this.#room) early.owner = clientId;
    this.#uploader?.move(this.#room, clientId, ({ state }) => state !== "failed");
    return clientId;
  }

  // Internal

  get #now() {
    return (this.on && this.#uploader?.list(this.#room)) || [];
  }

  async #load() {
    if (this.#list) return;
    const [uploader] = await Promise.all([this.uploader(), lazy("upload-list")]);
    if (this.#list) return;
    this.#uploader = uploader;
    this.#list = /** @type {UploadList} */ (document.createElement("upload-list"));
    this.#box.prepend(this.#list);
    uploader.addEventListener("change", (event) => {
      if (/** @type {CustomEvent<string>} */ (event).detail !== this.#room) return;
      this.#draw();
      this.#changed();
    });
    this.#draw();
  }

  #draw() {
    if (this.#list && this.#uploader)
      this.#list.data = { uploader: this.#uploader, roomId: this.#room };
  }
}
