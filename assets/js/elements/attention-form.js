/**
 * What I want to hear of in all rooms: the usual level, keywords, hours without notifications.
 * `preferences` and `save` are handed down by chat-app.
 */
import { field, setError } from "../lib/dialog.js";
import { h, set } from "../lib/dom.js";
import { form } from "../lib/form.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";

/** @import {Level, Preferences} from "../types-own.js" */

/**
 * @typedef {{preferences: Preferences|null, save: (change: object) => Promise<unknown>}} Data
 *   preferences null: not loaded yet
 */

/** @type {Level[]} */
const LEVELS = ["all", "mentions", "nothing"];
/** The usual night, offered to whoever has not chosen one. */
const NIGHT = { from: "22:00", to: "07:00" };
/** As many as the server takes, each of this length at most. */
const MOST = 20;
const LONGEST = 64;

/** @extends {View<Data>} */
export class AttentionForm extends View {
  #level = h(
    "select",
    { class: "input", id: "notify-level" },
    LEVELS.map((level) => h("option", { value: level }, t(`level.${level}`))),
  );
  #keywords = h("input", {
    class: "input",
    id: "keywords",
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
  });
  #quiet = h("input", {
    class: "switch",
    type: "checkbox",
    role: "switch",
    id: "quiet",
    onchange: () => this.#switched(),
  });
  #from = time("quiet-from");
  #to = time("quiet-to");
  #hours = h(
    "div",
    { class: "form hours" },
    field(t("quiet.from"), this.#from),
    field(t("quiet.to"), this.#to),
  );
  #shown = "";

  // Lifecycle

  build() {
    this.append(
      form(
        t("action.save"),
        () => this.#save(),
        [
          field(t("notify.usual"), this.#level, t("notify.usualHint")),
          field(t("keywords.title"), this.#keywords, t("keywords.hint")),
          h(
            "div",
            { class: "field whole" },
            h(
              "div",
              { class: "wrap" },
              this.#quiet,
              h("label", { for: "quiet" }, t("quiet.title")),
            ),
            this.#hours,
          ),
        ],
        { keywords: this.#keywords, quiet: this.#from },
      ),
    );
    this.#switched();
  }

  /** @param {Data} data */
  update({ preferences }) {
    // What one is typing is not overwritten by something else that changed.
    const key = JSON.stringify(preferences);
    if (!preferences || this.#shown === key) return;
    this.#shown = key;
    const { notify, keywords, quiet } = preferences;
    this.#level.value = notify;
    this.#keywords.value = keywords.join(", ");
    set(this.#quiet, { checked: Boolean(quiet) });
    this.#from.value = quiet?.from ?? NIGHT.from;
    this.#to.value = quiet?.to ?? NIGHT.to;
    this.#switched();
  }

  // Internal

  #switched() {
    this.#hours.hidden = !this.#quiet.checked;
  }

  async #save() {
    const keywords = this.#keywords.value
      .split(/[,，、\n]/u)
      .map((word) => word.trim())
      .filter(Boolean);
    const tooLong = keywords.some((word) => [...word].length > LONGEST);
    const wrong = keywords.length > MOST || tooLong ? t("keywords.tooMany") : "";
    const [from, to] = [this.#from.value, this.#to.value];
    const unclear = this.#quiet.checked && (!from || !to || from === to) ? t("quiet.wrong") : "";
    setError(this.#keywords, wrong);
    setError(this.#from, unclear);
    if (wrong || unclear) {
      (wrong ? this.#keywords : this.#from).focus();
      return "";
    }
    const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
    await this.data?.save({
      notify: this.#level.value,
      keywords,
      quiet: this.#quiet.checked ? { from, to, zone } : null,
    });
    return t("profile.saved");
  }
}

// Internal

/** @param {string} id */
function time(id) {
  return h("input", { class: "input", id, type: "time", required: true });
}

customElements.define("attention-form", AttentionForm);
