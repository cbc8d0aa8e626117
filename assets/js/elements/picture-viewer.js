/**
 * Shows a picture as large as the window allows; arrow keys move through the pictures of its
 * message.
 */
import { fill, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { locale, t } from "../lib/i18n.js";
import { fileName, fileSize, mediaPath } from "../lib/media.js";
import "../lib/more-icons.js";

/** @import {Media} from "../types.js" */

export class PictureViewer extends HTMLElement {
  /** @type {Media[]} */
  #pictures = [];
  #index = 0;
  #picture = h("div", { class: "stage" });
  #name = h("p", { class: "truncate" });
  #save = h("a", { class: "icon-button save" }, icon("download"));
  #before = button("previous", "media.previous", () => this.#show(this.#index - 1));
  #after = button("next", "media.next", () => this.#show(this.#index + 1));
  /** @type {HTMLElement|null} */
  #from = null;
  #dialog = h(
    "dialog",
    { onclose: () => this.#from?.focus({ preventScroll: true }) },
    h(
      "div",
      { class: "head" },
      this.#name,
      this.#save,
      button("close", "action.close", () => this.#dialog.close()),
    ),
    this.#before,
    this.#picture,
    this.#after,
  );

  // Lifecycle

  connectedCallback() {
    this.append(this.#dialog);
    this.#dialog.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft") this.#show(this.#index - 1);
      if (event.key === "ArrowRight") this.#show(this.#index + 1);
    });
    this.#picture.addEventListener(
      "click",
      (event) => event.target === this.#picture && this.#dialog.close(),
    );
  }

  // Actions

  /** @param {{pictures: Media[], index: number}} what */
  open({ pictures, index }) {
    this.#pictures = pictures;
    this.#from = /** @type {HTMLElement|null} */ (document.activeElement);
    this.#show(index);
    this.#dialog.showModal();
  }

  // Internal

  /** @param {number} index */
  #show(index) {
    const file = this.#pictures[index];
    if (!file) return;
    this.#index = index;
    const name = fileName(file);
    const many = this.#pictures.length > 1;
    set(this.#dialog, { "aria-label": name });
    fill(
      this.#name,
      h("bdi", null, name),
      " ",
      h(
        "span",
        { class: "meta" },
        fileSize(file.size, locale()),
        many && ` · ${index + 1} / ${this.#pictures.length}`,
      ),
    );
    set(this.#save, {
      href: mediaPath(file.name, file.id),
      download: name,
      "aria-label": t("media.download", { name }),
      title: t("media.download", { name }),
    });
    fill(
      this.#picture,
      h("img", {
        src: mediaPath(file.name, file.id),
        alt: name,
        width: file.width,
        height: file.height,
      }),
    );
    this.#before.hidden = this.#after.hidden = !many;
    this.#before.disabled = index === 0;
    this.#after.disabled = index === this.#pictures.length - 1;
  }
}

// Internal

/** @param {string} name @param {string} key @param {() => void} onclick */
function button(name, key, onclick) {
  const picture = { previous: "back", next: "forward" }[name] ?? name;
  return h(
    "button",
    { class: `icon-button ${name}`, type: "button", "aria-label": t(key), title: t(key), onclick },
    icon(picture),
  );
}

customElements.define("picture-viewer", PictureViewer);
