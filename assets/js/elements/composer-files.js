/**
 * Adds files to the composer: button, paste, drop. The list of uploads is loaded with the first
 * file.
 */
import { h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { lazy } from "./lazy.js";

/** @import {Media} from "../types.js" */
/** @import {Send, UploadList} from "./upload-list.js" */

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
  #room = "";
  #box;
  #changed;
  /** @type {Send} */
  send = () => Promise.reject(new Error("not connected"));

  /**
   * @param {HTMLElement} box files can be dropped on it; the list is its first child
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
    box.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files") || this.button.disabled) return;
      event.preventDefault();
      box.classList.add("is-over");
    });
    box.addEventListener("dragleave", (event) => {
      if (!box.contains(/** @type {Node|null} */ (event.relatedTarget)))
        box.classList.remove("is-over");
    });
    box.addEventListener("drop", (event) => {
      box.classList.remove("is-over");
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      this.add(files);
    });
  }

  /** @param {string} roomId */
  set room(roomId) {
    this.#room = roomId;
    if (this.#list) this.#list.room = roomId;
  }

  /** A message that is edited keeps the files that it has. @param {boolean} off */
  set off(off) {
    this.button.disabled = off;
    set(this.#box, { "data-no-files": off });
  }

  get busy() {
    return !this.button.disabled && Boolean(this.#list?.busy);
  }

  get failed() {
    return Boolean(this.#list?.failed);
  }

  /** @returns {Media[]} */
  get media() {
    return this.button.disabled ? [] : (this.#list?.media ?? []);
  }

  // Actions

  /** @param {File[]} files */
  async add(files) {
    if (files.length === 0 || this.button.disabled) return;
    await lazy("upload-list").catch(() => undefined);
    if (!customElements.get("upload-list")) return;
    if (!this.#list) {
      this.#list = /** @type {UploadList} */ (document.createElement("upload-list"));
      this.#list.send = (...args) => this.send(...args);
      this.#list.addEventListener("uploads-change", () => this.#changed());
      this.#box.prepend(this.#list);
    }
    this.#list.room = this.#room;
    this.#list.add(files);
  }

  /** @returns {Media[]} what goes with the message */
  take() {
    return this.button.disabled ? [] : (this.#list?.take() ?? []);
  }
}
