/**
 * Push notifications of this device. The browser asks for permission only after the switch is
 * pressed. Where the server sends none, there is nothing to see.
 */
import { fill, h, set, setText } from "../lib/dom.js";
import { errorText } from "../lib/errors.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { View } from "../lib/view.js";
import {
  changePush,
  followPush,
  pushPermission,
  pushState,
  startPush,
  stopPush,
} from "../state/push.js";

/** @import {Chat} from "../state/chat.js" */

/** @extends {View<Chat>} */
export class PushSettings extends View {
  #note = h("p", { class: "notice", role: "alert", hidden: true });
  #state = h("p", { class: "meta", role: "status" });
  #on = box("push-on", () => this.#switched());
  #all = box("push-all", () => this.#chosen());
  #text = box("push-text", () => this.#chosen());
  #choices = h(
    "div",
    { class: "form", hidden: true },
    line(this.#all, t("push.all")),
    line(this.#text, t("push.text")),
  );
  #key = "";

  // Lifecycle

  build() {
    this.hidden = true;
    this.append(
      h("div", { class: "field whole" }, line(this.#on, t("push.title")), this.#state),
      this.#note,
      this.#choices,
    );
  }

  /** The state is loaded again each time the page is opened. */
  subscribe() {
    queueMicrotask(() => this.#load());
  }

  // Internal

  async #load() {
    if (!this.data) return;
    const { ask } = this.data.client;
    await this.#attempt(async () => {
      const server = await pushState(ask);
      this.#key = server.key ?? "";
      this.hidden = !server.available;
      this.#choices.dataset.text = String(server.text);
      set(this.#all, { checked: server.subscription?.all ?? false });
      set(this.#text, { checked: server.text && (server.subscription?.text ?? true) });
      this.#text.disabled = !server.text;
      await this.#draw(Boolean(server.subscription));
    });
  }

  /** @param {boolean} subscribed */
  async #draw(subscribed) {
    const now = await pushPermission();
    const on = now === "on" && subscribed;
    set(this.#on, { checked: on });
    this.#on.disabled = now !== "on" && now !== "off";
    this.#choices.hidden = !on;
    setText(this.#state, t(`push.${now === "on" && !on ? "off" : now}`));
  }

  async #switched() {
    const chat = /** @type {Chat} */ (this.data);
    const { ask } = chat.client;
    const wanted = this.#on.checked;
    const failed = await this.#attempt(async () => {
      if (!wanted) return stopPush(ask);
      const me = chat.store.state.me?.userId ?? "";
      if (await startPush(ask, me, this.#key, this.#choice())) await followPush(chat);
    });
    if (failed) set(this.#on, { checked: !wanted });
    else await this.#load();
  }

  async #chosen() {
    const { ask } = /** @type {Chat} */ (this.data).client;
    await this.#attempt(() => changePush(ask, this.#choice()));
  }

  #choice() {
    return { all: this.#all.checked, text: this.#text.checked || this.#text.disabled };
  }

  /** @param {() => Promise<void>} does @returns {Promise<boolean>} whether it has failed */
  async #attempt(does) {
    set(this.#on, { "aria-busy": "true" });
    let failed = false;
    try {
      await does();
      this.#note.hidden = true;
    } catch (error) {
      failed = true;
      // Browsers say in their own words why a push service cannot be reached.
      const why = error instanceof DOMException ? t("push.failed") : errorText(error);
      fill(this.#note, icon("warning", "small"), h("span", null, why)).hidden = false;
    }
    set(this.#on, { "aria-busy": null });
    return failed;
  }
}

// Internal

/** @param {string} id @param {() => unknown} onchange */
function box(id, onchange) {
  return h("input", { class: "switch", type: "checkbox", role: "switch", id, onchange });
}

/** @param {HTMLInputElement} input @param {string} text */
function line(input, text) {
  return h("div", { class: "wrap" }, input, h("label", { for: input.id }, text));
}

customElements.define("push-settings", PushSettings);
