/** The uploads of the message being written, above the composer. Each can be removed. */
import { fill, h, setText, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { keyed } from "../lib/keyed.js";
import { mediaPath } from "../lib/media.js";
import { View } from "../lib/view.js";
import { mayRetry } from "../state/uploads.js";
import { reasonText } from "./upload-errors.js";

/** @import {Uploader} from "../state/uploader.js" */
/** @import {Upload} from "../state/uploads.js" */

/** @extends {View<{uploader: Uploader, roomId: string}>} */
export class UploadList extends View {
  #list = h("ul", { class: "uploads wrap", "aria-label": t("upload.title") });

  // Lifecycle

  build() {
    this.append(this.#list);
  }

  /** @param {{uploader: Uploader, roomId: string}} data */
  update({ uploader, roomId }) {
    const list = uploader.list(roomId);
    this.hidden = list.length === 0;
    keyed(
      this.#list,
      list,
      (upload) => upload.key,
      (upload) => this.#make(upload),
      change,
    );
  }

  // Actions

  /** @param {string} roomId @param {File[]} files */
  add(roomId, files) {
    this.data?.uploader.add(roomId, files, t("upload.unnamed"));
  }

  // Internal

  /** @param {Upload} upload */
  #make({ key, name, picture, media }) {
    const file = this.data?.uploader.file(key);
    const path = media && mediaPath(media.name, media.id);
    const label = t("upload.remove", { name });
    return h(
      "li",
      { class: "media" },
      picture && (file || path) ? thumbnail(file ?? path ?? "") : icon("file", "small"),
      h("span", { class: "truncate", title: name }, h("bdi", null, name)),
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": label,
          title: label,
          onclick: () => {
            this.data?.uploader.remove(this.data.roomId, key);
            // The button is gone, and with it the focus.
            this.closest("form")?.querySelector("textarea")?.focus();
          },
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
          {
            type: "button",
            class: "retry",
            onclick: () => this.data?.uploader.retry(this.data.roomId, key),
          },
          t("send.retry"),
        ),
      ),
    );
  }
}

// Internal

/**
 * A small picture of what will be sent; an icon where the browser cannot draw it.
 * @param {File|string} source the file, or where it is on the server
 */
function thumbnail(source) {
  const src = typeof source === "string" ? source : URL.createObjectURL(source);
  // The picture stays when its address is given back.
  const release = () => URL.revokeObjectURL(src);
  const image = h("img", {
    src,
    alt: "",
    class: "thumb",
    decoding: "async",
    onload: release,
    onerror: () => {
      release();
      image.replaceWith(icon("image", "small"));
    },
  });
  return image;
}

/** @param {HTMLElement} node @param {Upload} upload */
function change(node, upload) {
  const { state, part, reason = "failed", name } = upload;
  const progress = /** @type {HTMLProgressElement} */ (node.children[3]);
  const error = /** @type {HTMLElement} */ (node.children[4]);
  const [words, retry] = /** @type {HTMLCollectionOf<HTMLElement>} */ (error.children);
  set(node, { "data-state": state });
  // A bar that stays full would be read as one that still runs.
  progress.hidden = state === "failed" || state === "done";
  set(progress, {
    value: part,
    "aria-label": t("upload.progress", { name, n: Math.round(part * 100) }),
  });
  error.hidden = state !== "failed";
  retry.hidden = !mayRetry(upload);
  if (state === "failed") setText(words, reasonText(reason));
  else fill(words);
}

customElements.define("upload-list", UploadList);
