/**
 * How the server presents itself: name, message of the day, colour and icon. What is set here wins
 * over the configuration.
 */
import { contrast, READABLE } from "../lib/contrast.js";
import { showAccent } from "../lib/accent.js";
import { field, setError } from "../lib/dialog.js";
import { fill, h, set, setText } from "../lib/dom.js";
import { ApiError, errorText } from "../lib/errors.js";
import { form, section } from "../lib/form.js";
import { icon } from "../lib/icons.js";
import { locale, t } from "../lib/i18n.js";
import { addressOf } from "../lib/look.js";
import { View } from "../lib/view.js";
import { iconFile } from "./server-icon.js";
import { tooLong } from "./user-name.js";

/** @import {Rgb} from "../lib/contrast.js" */
/** @import {Data} from "./server-page.js" */

/**
 * @typedef {object} Look
 * @property {string|null} name
 * @property {string|null} accent
 * @property {string|null} motd
 * @property {string|null} icon
 * @property {"set"|"configuration"|"default"} name_from
 * @property {"set"|"configuration"|"default"} accent_from
 * @property {"set"|"configuration"|"default"} motd_from
 * @property {"set"|"configuration"|"default"} icon_from
 */
/** @typedef {"name"|"motd"|"accent"|"icon"} Part */

const LONGEST = { name: 64, motd: 300 };
/** The green of the product, where no colour is chosen. */
const GREEN = "#00706e";
const PICTURES = "image/png,image/jpeg,image/webp";
/** Where a part of the look is from. */
const ORIGINS = {
  set: "server.lookFromSet",
  configuration: "server.lookFromConfigured",
  default: "server.lookFromDefault",
};

/** @extends {View<Data>} */
export class ServerLook extends View {
  #problem = h("p", { class: "notice", role: "alert", hidden: true });
  #name = h("input", { class: "input", id: "look-name", type: "text", autocomplete: "off" });
  #motd = h("textarea", { class: "input", id: "look-motd", rows: 3 });
  #accent = h("input", {
    class: "input colour",
    id: "look-accent",
    type: "color",
    oninput: () => this.#try(this.#accent.value),
  });
  #samples = /** @type {const} */ (["light", "dark"]).map((theme) => sample(theme));
  #file = h("input", {
    type: "file",
    accept: PICTURES,
    hidden: true,
    "aria-label": t("server.lookIcon"),
    onchange: () => this.#choose(),
  });
  #picture = h("img", { class: "look-icon", alt: "", width: 64, height: 64 });
  #said = h("p", { class: "meta", role: "status" });
  /** Where each part is from, with the way back. */
  #origins = { name: origin(), motd: origin(), accent: origin(), icon: origin() };
  /** @type {Look|null} as the server has it */
  #look = null;
  /** The colour that the reader has chosen and not saved yet, "" for none. */
  #tried = "";

  // Lifecycle

  build() {
    const fields = [
      field(t("server.lookName"), this.#name, t("server.lookNameHint")),
      this.#origins.name,
      field(t("server.lookMotd"), this.#motd, t("server.lookMotdHint")),
      this.#origins.motd,
      field(t("server.lookAccent"), this.#accent, t("server.lookAccentHint")),
      h(
        "div",
        { class: "samples" },
        this.#samples.map(({ box }) => box),
      ),
      this.#origins.accent,
    ];
    const inputs = /** @type {any} */ ({
      name: this.#name,
      motd: this.#motd,
      accent: this.#accent,
    });
    this.append(
      this.#problem,
      section(
        t("server.look"),
        null,
        form(t("action.save"), () => this.#save(), fields, inputs),
      ),
      section(t("server.lookIcon"), null, this.#iconPart()),
    );
  }

  subscribe() {
    queueMicrotask(() => this.#ask({ "server.show": {} }));
  }

  // Internal

  #iconPart() {
    return h(
      "div",
      { class: "wrap icon-part" },
      this.#picture,
      this.#file,
      h(
        "button",
        { class: "button choose-icon", type: "button", onclick: () => this.#file.click() },
        t("profile.choosePicture"),
      ),
      h("div", null, h("p", { class: "meta" }, t("server.lookIconHint")), this.#origins.icon),
      this.#said,
    );
  }

  /**
   * Runs a command and shows the look that it answers with.
   * @param {Record<string, object>} command
   */
  async #ask(command) {
    try {
      await this.#run(command);
      this.#problem.hidden = true;
    } catch (error) {
      const text = h("span", null, errorText(error));
      fill(this.#problem, icon("warning", "small"), text).hidden = false;
    }
  }

  /** @param {Record<string, object>} command */
  async #run(command) {
    const [look] = (await this.data?.command(command)) ?? [];
    if (look) this.#draw(look);
  }

  /** What one has typed and not saved is kept. @param {Look} look */
  #draw(look) {
    const before = this.#look;
    this.#look = look;
    if (this.#name.value === (before?.name ?? "")) this.#name.value = look.name ?? "";
    if (this.#motd.value === (before?.motd ?? "")) this.#motd.value = look.motd ?? "";
    if (!this.#tried) this.#accent.value = look.accent ?? GREEN;
    this.#check(this.#tried || (look.accent ?? ""));
    set(this.#picture, { src: look.icon ? addressOf(look.icon, 192) : "icons/icon-192.png" });
    for (const part of /** @type {Part[]} */ (["name", "motd", "accent", "icon"]))
      fill(this.#origins[part], this.#originOf(part, look));
  }

  /** @param {Part} part @param {Look} look */
  #originOf(part, look) {
    const from = look[`${part}_from`];
    if (from !== "set") return t(ORIGINS[from]);
    const reset = () => {
      // What one has typed and not saved is given up.
      if (part === "accent") this.#tried = "";
      else if (part === "name") this.#name.value = this.#look?.name ?? "";
      else if (part === "motd") this.#motd.value = this.#look?.motd ?? "";
      this.#ask({ "server.reset": { parts: [part] } });
    };
    return [
      t(ORIGINS.set),
      " ",
      h(
        "button",
        { class: `button quiet reset-${part}`, type: "button", onclick: reset },
        t("server.lookReset"),
      ),
    ];
  }

  /** @param {string} accent */
  #try(accent) {
    this.#tried = accent;
    this.#check(accent);
  }

  /** Shows a colour in both themes, and whether texts in it can be read. @param {string} accent */
  #check(accent) {
    // Out of the page, nothing has a colour.
    if (!this.isConnected) return;
    for (const one of this.#samples) {
      showAccent(accent || GREEN, one.box);
      const ratio = Math.min(
        contrast(colourOf(one.link, "color"), colourOf(one.box, "backgroundColor")),
        contrast(colourOf(one.button, "color"), colourOf(one.button, "backgroundColor")),
      );
      const text = new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 }).format(
        Math.floor(ratio * 10) / 10,
      );
      const isReadable = ratio >= READABLE;
      set(one.box, { "data-readable": isReadable ? "yes" : "no" });
      setText(one.note, t(isReadable ? "server.lookReadable" : "server.lookUnreadable", { text }));
    }
  }

  async #save() {
    const [name, motd] = [this.#name.value.trim(), this.#motd.value.trim()];
    setError(this.#name, tooLong(name, LONGEST.name));
    setError(this.#motd, tooLong(motd, LONGEST.motd));
    const wrong = [this.#name, this.#motd].find((input) => input.getAttribute("aria-invalid"));
    if (wrong) {
      wrong.focus();
      return "";
    }
    const change = {
      ...(name !== (this.#look?.name ?? "") && { name }),
      ...(motd !== (this.#look?.motd ?? "") && { motd }),
      ...(this.#tried && { accent: this.#tried }),
    };
    try {
      if (Object.keys(change).length > 0) await this.#run({ "server.set": change });
    } catch (error) {
      if (!this.#isRefused(error)) throw error;
      return "";
    }
    this.#tried = "";
    return t("profile.saved");
  }

  /** A text that breaks its rule is said at its field. @param {unknown} error */
  #isRefused(error) {
    if (!(error instanceof ApiError) || error.code !== "usage") return false;
    const wrong = error.message.startsWith("name ") ? this.#name : this.#motd;
    setError(wrong, t("server.lookTextWrong"));
    wrong.focus();
    return true;
  }

  async #choose() {
    const [file] = this.#file.files ?? [];
    this.#file.value = "";
    if (!file) return;
    setText(this.#said, t("server.lookIconSaving"));
    try {
      await this.#run({ "server.set": { icon: await iconFile(file) } });
      setText(this.#said, t("profile.saved"));
    } catch (error) {
      const isRefused = error instanceof ApiError ? error.code === "usage" : true;
      setText(this.#said, isRefused ? t("server.lookIconRefused") : errorText(error));
    }
  }
}

// Internal

function origin() {
  return h("p", { class: "meta origin" });
}

/** A link and a button in one of the themes. @param {"light"|"dark"} theme */
function sample(theme) {
  const link = h("span", { class: "sample-link" }, t("server.lookSample"));
  const button = h("span", { class: "sample-button" }, t("server.lookSample"));
  const note = h("small");
  const name = t(theme === "light" ? "server.lookLight" : "server.lookDark");
  const box = h("div", { class: "sample", "data-theme": theme }, h("b", null, name));
  box.append(h("div", { class: "wrap", "aria-hidden": "true" }, link, button), note);
  return { box, link, button, note };
}

/** @param {HTMLElement} element @param {"color"|"backgroundColor"} property @returns {Rgb} */
function colourOf(element, property) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.fillStyle = getComputedStyle(element)[property];
  pen.fillRect(0, 0, 1, 1);
  const [r, g, b] = pen.getImageData(0, 0, 1, 1).data;
  return [r, g, b];
}

customElements.define("server-look", ServerLook);
