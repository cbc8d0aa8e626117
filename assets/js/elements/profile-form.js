/**
 * Who I am: picture, name, status, e-mail, birth date. `save` and `upload` are handed down by
 * chat-app. Emits `emoji-open`.
 */
import { setError, field } from "../lib/dialog.js";
import { errorText } from "../lib/errors.js";
import { emit, h, setText, set } from "../lib/dom.js";
import { form } from "../lib/form.js";
import { locale, t } from "../lib/i18n.js";
import { icon } from "../lib/icons.js";
import { lasting } from "../lib/status.js";
import { ENDS, endOf } from "../lib/status-end.js";
import { stamp } from "../lib/time.js";
import { View } from "../lib/view.js";
import { uploadErrorText } from "./upload-errors.js";
import { avatar } from "./user-avatar.js";
import { tooLong } from "./user-name.js";

/** @import {User} from "../types.js" */
/** @import {Change, Status} from "../types-own.js" */
/** @import {Send} from "../state/uploader.js" */

/** @typedef {{me: User, save: (change: Change) => Promise<unknown>, upload: Send}} Data */

const NAME_LONGEST = 64;
const PICTURES = ["image/png", "image/jpeg", "image/gif"];

/** @extends {View<Data>} */
export class ProfileForm extends View {
  #face = avatar({ id: "", name: "", size: "l" });
  #file = h("input", {
    type: "file",
    accept: PICTURES.join(","),
    hidden: true,
    "aria-label": t("profile.choosePicture"),
    onchange: () => this.#choosePicture(),
  });
  #choose = h(
    "button",
    { class: "button choose-picture", type: "button", onclick: () => this.#file.click() },
    t("profile.choosePicture"),
  );
  #remove = h(
    "button",
    { class: "button quiet remove-picture", type: "button", onclick: () => this.#picture(null) },
    t("profile.removePicture"),
  );
  #progress = h("progress", { max: "1", hidden: true, "aria-label": t("profile.choosePicture") });
  #note = h("p", { class: "meta", role: "status" }, t("profile.pictureHint"));
  #name = h("input", { class: "input", id: "display-name", type: "text", autocomplete: "name" });
  #login = h("input", { class: "input", id: "login-name", type: "text", disabled: true });
  #email = h("input", {
    class: "input",
    id: "email",
    type: "email",
    autocomplete: "email",
    maxlength: 254,
  });
  #birth = h("input", {
    class: "input",
    id: "birth",
    type: "date",
    autocomplete: "bday",
    max: new Date().toISOString().slice(0, 10),
  });
  #emoji = h("input", {
    class: "input",
    id: "status-emoji",
    type: "text",
    autocomplete: "off",
    maxlength: 32,
  });
  #pick = h(
    "button",
    {
      class: "icon-button pick-emoji",
      type: "button",
      "aria-label": t("status.pick"),
      title: t("status.pick"),
      onclick: () =>
        emit(this, "emoji-open", { at: this.#pick, insert: this.#take, standard: true }),
    },
    icon("react"),
  );
  #text = h("input", {
    class: "input",
    id: "status-text",
    type: "text",
    autocomplete: "off",
    maxlength: 100,
  });
  #until = h("select", { class: "input", id: "status-until" });
  #shown = "";

  // Lifecycle

  build() {
    this.append(
      this.#face,
      h(
        "div",
        null,
        h(
          "div",
          { class: "wrap picture-row" },
          this.#file,
          this.#choose,
          this.#remove,
          this.#progress,
          this.#note,
        ),
        form(
          t("action.save"),
          () => this.#save(),
          [
            field(t("login.name"), this.#name),
            field(t("login.user"), this.#login, t("profile.userHint")),
            field(t("status.text"), this.#text, t("status.hint")),
            field(
              t("status.emoji"),
              this.#emoji,
              "",
              h("div", { class: "with-button" }, this.#emoji, this.#pick),
            ),
            field(t("status.until"), this.#until),
            field(t("profile.email"), this.#email, t("profile.onlyYou")),
            field(t("profile.birth"), this.#birth, t("profile.onlyYou")),
          ],
          {
            name: this.#name,
            email: this.#email,
            birth: this.#birth,
            "status.emoji": this.#emoji,
            "status.text": this.#text,
            "status.until": this.#until,
          },
          {
            name: t("profile.nameWrong"),
            email: t("profile.emailWrong"),
            "status.emoji": t("status.emojiWrong"),
            "status.text": t("status.textWrong"),
          },
        ),
      ),
    );
  }

  /** @param {Data} data */
  update({ me }) {
    this.#face.face = { id: me.userId, name: me.name, size: "l", picture: me.media?.name };
    this.#remove.disabled = !me.media;
    // What one is typing is not overwritten by something else that changed.
    const key = JSON.stringify([me.name, me.userId, me.email, me.birth, lasting(me.status)]);
    if (this.#shown === key) return;
    this.#shown = key;
    this.#name.value = me.name;
    this.#login.value = me.userId;
    this.#email.value = me.email ?? "";
    this.#birth.value = me.birth ?? "";
    this.#showStatus(lasting(me.status));
  }

  // Internal

  /** @param {string} glyph */
  #take = (glyph) => {
    this.#emoji.value = glyph;
    setError(this.#emoji, "");
    this.#emoji.focus();
  };

  async #save() {
    const name = this.#name.value.trim();
    setError(this.#name, name ? tooLong(name, NAME_LONGEST) : t("profile.nameNeeded"));
    setError(this.#birth, this.#birth.validity.valid ? "" : t("profile.birthInvalid"));
    const wrong = [this.#name, this.#birth].find((input) => input.getAttribute("aria-invalid"));
    if (wrong) {
      wrong.focus();
      return "";
    }
    await this.data?.save({
      name,
      email: this.#email.value.trim() || null,
      birth: this.#birth.value || null,
      ...this.#status(),
    });
    return t("profile.saved");
  }

  /** @param {Status|null} status */
  #showStatus(status) {
    this.#emoji.value = status?.emoji ?? "";
    this.#text.value = status?.text ?? "";
    const until = status?.until;
    const option = (/** @type {string} */ value, /** @type {string} */ label) =>
      h("option", { value }, label);
    this.#until.replaceChildren(
      until ? option(until, t("status.untilTime", { time: stamp(until, locale()) })) : "",
      ...ENDS.map((end) => option(end, t(`until.${end}`))),
    );
    this.#until.value = until ?? "never";
  }

  /** The change of the status, if there is one. */
  #status() {
    const before = lasting(this.data?.me.status);
    const [emoji, text] = [this.#emoji.value.trim(), this.#text.value.trim()];
    const choice = this.#until.value;
    if (!emoji && !text) return before ? { status: null } : {};
    const kept = choice === (before?.until ?? "never");
    if (before && kept && emoji === (before.emoji ?? "") && text === before.text) return {};
    const until = kept ? (before?.until ?? null) : endOf(choice);
    return { status: { emoji, text, until } };
  }

  async #choosePicture() {
    const [file] = this.#file.files ?? [];
    this.#file.value = "";
    if (!file || !this.data) return;
    if (!PICTURES.includes(file.type)) return setText(this.#note, t("profile.pictureHint"));
    set(this.#progress, { value: 0, hidden: false });
    setText(this.#note, "");
    try {
      const media = await this.data.upload(
        file,
        (part) => set(this.#progress, { value: part }),
        new AbortController().signal,
      );
      await this.#picture(media.id);
    } catch (error) {
      setText(this.#note, uploadErrorText(error));
    }
    this.#progress.hidden = true;
  }

  /** @param {number|null} mediaId */
  async #picture(mediaId) {
    try {
      await this.data?.save({ mediaId });
      setText(this.#note, t("profile.saved"));
    } catch (error) {
      setText(this.#note, errorText(error));
    }
  }
}

customElements.define("profile-form", ProfileForm);
