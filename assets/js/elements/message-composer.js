/**
 * The text field for new messages. Enter sends, but never during an input-method composition;
 * Shift+Enter inserts a line break; Up in an empty field edits my last message; Escape cancels
 * editing or replying. `@` completes people, `:` emoji, and `/` at the start slash commands. Drafts
 * are kept by room. Emits `message-send`, `message-save`, `edit-last`, `context-leave`, `typing`,
 * `draft-change`, `emoji-open`, `files-failed`, `command-send`.
 */
import { emit, fill, h, set } from "../lib/dom.js";
import { replaceText } from "../lib/edit.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import { snippet } from "../lib/markdown.js";
import { caption } from "../lib/media.js";
import { langOf, lengthOf } from "../lib/text.js";
import { ComposerFormat } from "./composer-format.js";
import { ComposerFiles } from "./composer-files.js";
import { lazy } from "./lazy.js";
import { lineNodes } from "./message-text.js";

/** @import {Context} from "../types.js" */
/**
 * @typedef {{roomId: string, title: string, label?: string, context: Context|null, error: string,
 *   draft: string, people: () => import("../state/completion.js").Candidate[], uploader: () =>
 *   Promise<import("../state/uploader.js").Uploader>}} Data label: in place of that of the room
 */

const LONGEST = 4000;
/** A draft is stored after a pause of this length. */
const PAUSE_MS = 300;

/** @extends {View<Data>} */
export class MessageComposer extends View {
  /** What programs have answered to slash commands, once there is something. @type {Element|null} */
  answers = null;
  #field = h("textarea", { rows: 1, placeholder: t("composer.placeholder"), enterkeyhint: "send" });
  #send = h(
    "button",
    {
      class: "icon-button solid",
      type: "submit",
      "aria-label": t("composer.send"),
      title: t("composer.send"),
      disabled: true,
    },
    icon("send"),
  );
  #note = h("p", { class: "error meta", role: "alert", hidden: true });
  #emoji = h(
    "button",
    {
      class: "icon-button emoji",
      type: "button",
      "aria-label": t("composer.emoji"),
      title: t("composer.emoji"),
      onclick: () => emit(this, "emoji-open", { at: this.#emoji, insert: this.#insert }),
    },
    icon("react"),
  );
  #row = h("div", { class: "line" }, this.#field, this.#emoji, this.#send);
  #box = h(
    "form",
    { class: "box input", onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
    this.#row,
  );
  #files = new ComposerFiles(this.#box, () => this.#changed());
  #format = new ComposerFormat(this.#field, this.#row);
  /**
   * @type {import("./text-completion.js").TextCompletion|null} fetched with the first mark that it
   *   could complete
   */
  #completion = null;
  /** @type {Element|null} */
  #line = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} the draft is not stored yet */
  #pause;
  #roomId = "";
  /** The draft that was shown or stored last: another text in the field is being written. */
  #draft = "";
  /** An input method is at work. */
  #composing = false;
  /** The draft that editing replaced in the field. */
  #covered = "";
  /** @type {Context|null} */
  #context = null;

  // Lifecycle

  build() {
    this.#row.prepend(this.#files.button);
    this.#field.after(this.#format.button);
    this.append(this.#box, this.#note);
    this.#field.addEventListener("keydown", (event) => this.#pressed(event));
    this.#field.addEventListener("compositionend", () => {
      this.#composing = false;
    });
    this.#field.addEventListener("input", (event) => {
      this.#composing = /** @type {InputEvent} */ (event).isComposing;
      if (this.#field.value) emit(this, "typing");
      this.#written();
      this.#complete();
    });
    this.#field.addEventListener("blur", () => this.store());
  }

  /** @param {AbortSignal} signal */
  subscribe(signal) {
    // After the tab is closed nothing can be stored.
    addEventListener("pagehide", () => this.store(), { signal });
    document.addEventListener("visibilitychange", () => this.store(), { signal });
  }

  /** @param {Data} data */
  update({ roomId, title, label, context, error, draft, people, uploader }) {
    if (this.#completion) this.#completion.people = people;
    this.#files.uploader = uploader;
    const name = label ?? t("composer.label", { room: title });
    for (const part of [this.#box, this.#field]) set(part, { "aria-label": name });
    const moved = roomId !== this.#roomId;
    // First: what was sent elsewhere is not taken for something that stays without its context.
    if (draft !== this.#draft && !moved) this.#adopt(draft);
    if (moved || context !== this.#context) this.#follow(roomId, context, moved ? draft : null);
    if (moved) /** @type {any} */ (this.answers)?.show();
    this.#draft = draft;
    this.#note.hidden = !error;
    fill(this.#note, error);
    this.#changed();
  }

  // Actions

  focus() {
    this.#field.focus();
  }

  /** The room, or `ROOM/MESSAGE` for a thread. */
  get place() {
    return this.#roomId;
  }

  /** A slash command was sent; what was written meanwhile stays. @param {string} content */
  clear(content) {
    if (this.#field.value.trim() !== content) return;
    this.#field.value = "";
    this.#written();
    this.store();
  }

  /** Sends what is written as a message. */
  post() {
    this.#submit(undefined, true);
  }

  /** Can files be added now? */
  get takesFiles() {
    return this.#files.on;
  }

  /** @param {File[]} files */
  add(files) {
    this.#files.add(files);
  }

  /** A message that was not sent is written again, before what was begun since. @param {string} text */
  takeBack(text) {
    if (this.#context?.kind === "edit") emit(this, "context-leave");
    this.#field.value = [text, this.#field.value].filter(Boolean).join("\n");
    this.#files.show().catch(() => emit(this, "files-failed", ""));
    this.#written();
    this.#field.focus();
  }

  /** Stores the draft now, without waiting for a pause. */
  store() {
    if (!this.#pause) return;
    clearTimeout(this.#pause);
    this.#pause = undefined;
    const { kind, messageId } = this.#context ?? {};
    const replyTo = kind === "reply" ? messageId : undefined;
    emit(this, "draft-change", { roomId: this.#roomId, text: this.#field.value, replyTo });
  }

  // Internal

  /**
   * The draft was changed elsewhere. What is being written here stays.
   * @param {string} draft
   */
  #adopt(draft) {
    if (this.#context?.kind === "edit") {
      if (this.#covered === this.#draft) this.#covered = draft;
    } else if (!this.#pause && !this.#composing && this.#field.value === this.#draft)
      this.#field.value = draft;
  }

  /**
   * @param {string} roomId
   * @param {Context|null} context
   * @param {string|null} draft of the room, when it is another one
   */
  #follow(roomId, context, draft) {
    const edited = this.#context?.kind === "edit";
    this.store();
    // What editing has covered.
    const kept = draft ?? this.#covered;
    if (context?.kind === "edit" && !edited) this.#covered = draft ?? this.#field.value;
    this.#roomId = roomId;
    this.#context = context;
    this.#files.room = roomId;
    this.#files.off = context?.kind === "edit";
    this.#line?.remove();
    this.#line = context && this.#contextLine(context);
    if (this.#line) this.#box.prepend(this.#line);
    if (context?.kind === "edit") this.#field.value = context.content;
    else if (edited || draft !== null) this.#field.value = kept;
    // What a draft answers belongs to it.
    const answers = draft === null && !edited && context?.kind !== "edit" && !context?.restored;
    if (answers && this.#field.value) this.#written();
    if ((context && !context.restored) || edited) {
      this.#field.focus();
      this.#field.setSelectionRange(this.#field.value.length, this.#field.value.length);
    }
  }

  /** @param {Context} context */
  #contextLine({ kind, author, content }) {
    const leave = t(kind === "edit" ? "composer.cancelEdit" : "composer.cancelReply");
    return h(
      "div",
      { class: "context spread" },
      icon(kind, "small"),
      h(
        "span",
        { class: "truncate" },
        h("b", null, kind === "edit" ? t("composer.editing") : author),
        " ",
        h("span", { lang: langOf(content) || null }, lineNodes(snippet(content))),
      ),
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": leave,
          title: leave,
          onclick: () => emit(this, "context-leave"),
        },
        icon("close"),
      ),
    );
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    // 229 is what browsers report for a key that an input method takes.
    if (event.isComposing || event.keyCode === 229 || this.#completion?.pressed(event)) return;
    if (this.#format.pressed(event)) return;
    if (
      event.key === "Enter" &&
      !event.shiftKey &&
      !event.ctrlKey &&
      !event.altKey &&
      !event.metaKey
    )
      this.#submit(event);
    else if (event.key === "ArrowUp" && !this.#field.value && !this.#context) {
      event.preventDefault();
      emit(this, "edit-last");
    } else if (event.key === "Escape" && this.#context) {
      event.preventDefault();
      emit(this, "context-leave");
    }
  }

  /** @param {Event} [event] @param {boolean} [plain] what begins with a slash is posted, too */
  #submit(event, plain = false) {
    event?.preventDefault();
    const written = this.#field.value.trim();
    if (lengthOf(written) > LONGEST) return;
    const { busy } = this.#files;
    const content = written || (busy ? "" : caption(this.#files.media));
    if (!content && !busy) return;
    if (this.#context?.kind === "edit")
      return emit(this, "message-save", { messageId: this.#context.messageId, content });
    const replyTo = this.#context?.messageId;
    // A path in a text that begins with a space is none.
    if (!plain && this.#field.value[0] === "/")
      return emit(this, "command-send", { content, composer: this, replyTo });
    const files = busy ? { waitsAs: this.#files.release() } : { media: this.#files.take() };
    this.#field.value = "";
    this.#written();
    this.store();
    emit(this, "message-send", { content, replyTo, ...files });
    this.#field.focus();
  }

  async #complete() {
    if (!this.#completion && /[@:]|^\//u.test(this.#field.value)) {
      await lazy("text-completion").catch(() => undefined);
      if (!this.#completion && customElements.get("text-completion")) {
        this.#completion = /** @type {import("./text-completion.js").TextCompletion} */ (
          document.createElement("text-completion")
        );
        this.append(this.#completion);
        this.#completion.field = this.#field;
        this.#completion.changed = () => this.#written();
        if (this.data) this.#completion.people = this.data.people;
      }
    }
    this.#completion?.refresh();
  }

  /** Where the caret is. @param {string} text */
  #insert = (text) => {
    const { selectionStart: from, selectionEnd: to, value } = this.#field;
    // A short name is none within a word.
    if (text[0] === ":" && /[A-Za-z\d]/u.test(value[from - 1] ?? "")) text = ` ${text}`;
    const caret = from + text.length;
    replaceText(this.#field, { from, to, insert: text, start: caret, end: caret });
  };

  #written() {
    if (this.#context?.kind !== "edit") {
      clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.store(), PAUSE_MS);
    }
    this.#changed();
  }

  #changed() {
    const text = this.#field.value.trim();
    const tooLong = text.length > LONGEST && lengthOf(text) > LONGEST;
    this.#send.disabled = (!text && !this.#files.busy && this.#files.media.length === 0) || tooLong;
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
