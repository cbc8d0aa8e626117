/**
 * Where one writes. Enter sends, but never in the middle of an input-method composition; Shift+Enter breaks the line; Up in
 * an empty field edits my last message; Escape leaves editing or replying. Emits `message-send`, `message-save`,
 * `edit-last`, `context-leave`, `typing`.
 */
import { act, fill, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { Piece } from "../lib/piece.js";
import { caption } from "../lib/media.js";
import { langOf, lengthOf, oneLine } from "../lib/text.js";
import { ComposerFiles } from "./composer-files.js";

/** What the message that one writes belongs to. @typedef {{kind: "edit"|"reply", messageId: string, author: string, content: string}} Context */
/** @typedef {{roomId: string, title: string, context: Context|null, error: string, upload: import("./upload-list.js").Send}} Data */

const LONGEST = 4000;

/** @extends {Piece<Data>} */
export class MessageComposer extends Piece {
  #field = h("textarea", { rows: 1, placeholder: t("composer.placeholder"), enterkeyhint: "send" });
  #send = h("button", { class: "icon-button solid", type: "submit", "aria-label": t("composer.send"), title: t("composer.send"), disabled: true }, icon("send"));
  #note = h("p", { class: "error meta", role: "alert", hidden: true });
  #row = h("div", { class: "line" }, this.#field, this.#send);
  #box = h("form", { class: "box input", onsubmit: (/** @type {Event} */ event) => this.#submit(event) }, this.#row);
  #files = new ComposerFiles(this.#box, () => this.#uploaded());
  /** Sending waits for files on their way. */
  #waits = false;
  /** @type {Element|null} */
  #line = null;
  /** @type {Map<string, string>} what is being written, by room */
  #texts = new Map();
  #roomId = "";
  /** @type {Context|null} */
  #context = null;

  // Lifecycle

  build() {
    this.#row.prepend(this.#files.button);
    this.append(this.#box, this.#note);
    this.#field.addEventListener("keydown", (event) => this.#pressed(event));
    this.#field.addEventListener("input", () => {
      if (!this.#context || this.#context.kind === "reply") this.#texts.set(this.#roomId, this.#field.value);
      this.#waits = false;
      if (this.#field.value) act(this, "typing");
      this.#changed();
    });
  }

  /** @param {Data} data */
  update({ roomId, title, context, error, upload }) {
    this.#files.send = upload;
    set(this.#box, { "aria-label": t("composer.label", { room: title }) });
    set(this.#field, { "aria-label": t("composer.label", { room: title }) });
    const moved = roomId !== this.#roomId;
    if (moved || context !== this.#context) this.#follow(roomId, context, moved);
    this.#note.hidden = !error;
    fill(this.#note, error);
    this.#changed();
  }

  // Actions

  focus() {
    this.#field.focus();
  }

  // Internal

  /** @param {string} roomId @param {Context|null} context @param {boolean} moved */
  #follow(roomId, context, moved) {
    const edited = this.#context?.kind === "edit";
    this.#roomId = roomId;
    this.#context = context;
    this.#files.room = roomId;
    this.#files.off = context?.kind === "edit";
    if (moved) this.#waits = false;
    this.#line?.remove();
    this.#line = context && this.#contextLine(context);
    if (this.#line) this.#box.prepend(this.#line);
    if (context?.kind === "edit") this.#field.value = context.content;
    else if (edited || moved) this.#field.value = this.#texts.get(roomId) ?? "";
    if (context || edited) {
      this.#field.focus();
      this.#field.setSelectionRange(this.#field.value.length, this.#field.value.length);
    }
  }

  /** @param {Context} context */
  #contextLine({ kind, author, content }) {
    const leave = t(kind === "edit" ? "composer.leaveEdit" : "composer.leaveReply");
    return h("div", { class: "context spread" }, icon(kind, "small"),
      h("span", { class: "truncate" }, h("b", null, kind === "edit" ? t("composer.editing") : author), " ", h("span", { lang: langOf(content) || null }, oneLine(content))),
      h("button", { class: "icon-button", type: "button", "aria-label": leave, title: leave, onclick: () => act(this, "context-leave") }, icon("close")));
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    // 229 is what browsers report for a key that an input method takes.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey) this.#submit(event);
    else if (event.key === "ArrowUp" && !this.#field.value && !this.#context) {
      event.preventDefault();
      act(this, "edit-last");
    } else if (event.key === "Escape" && this.#context) {
      event.preventDefault();
      act(this, "context-leave");
    }
  }

  /** @param {Event} [event] */
  #submit(event) {
    event?.preventDefault();
    const written = this.#field.value.trim();
    if (lengthOf(written) > LONGEST) return;
    this.#waits = this.#files.busy;
    if (this.#waits) return this.#changed();
    const content = written || caption(this.#files.media);
    if (!content) return;
    if (this.#context?.kind === "edit") return act(this, "message-save", { messageId: this.#context.messageId, content });
    const media = this.#files.take();
    this.#field.value = "";
    this.#texts.delete(this.#roomId);
    this.#changed();
    act(this, "message-send", { content, media, replyTo: this.#context?.messageId });
    this.#field.focus();
  }

  #uploaded() {
    if (this.#files.failed) this.#waits = false;
    if (this.#waits && !this.#files.busy) this.#submit();
    this.#changed();
  }

  #changed() {
    const text = this.#field.value.trim();
    const tooLong = text.length > LONGEST && lengthOf(text) > LONGEST;
    this.#send.disabled = (!text && !this.#files.busy && this.#files.media.length === 0) || tooLong;
    set(this.#send, { "aria-busy": this.#waits ? "true" : null });
    if (tooLong) {
      this.#note.hidden = false;
      fill(this.#note, t("composer.tooLong", { n: lengthOf(text) - LONGEST }));
    } else if (this.data && !this.data.error) this.#note.hidden = true;
    if (!CSS.supports("field-sizing", "content")) {
      this.#field.style.setProperty("height", "auto");
      this.#field.style.setProperty("height", `${this.#field.scrollHeight}px`);
    }
  }
}

customElements.define("message-composer", MessageComposer);
