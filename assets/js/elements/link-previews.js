/**
 * What the links of a message lead to, as cards below its text. There is room for one at each link
 * from the start. Only our server is asked, once the message comes into view. Emits `link-preview`.
 */
import { emit, fill, h } from "../lib/dom.js";
import { loadLazyTexts, t } from "../lib/i18n.js";
import { icon } from "../lib/icons.js";
import { previewLinks } from "../lib/preview-links.js";
import { langOf } from "../lib/text.js";

/** @typedef {typeof LinkPreviews} Previews */
/** @import {LinkPreview} from "../lib/preview-links.js" */
/** @import {MessageRow} from "../state/rows.js" */
/** @import {Data, MessageItem} from "./message-item.js" */

/** Messages whose previews are remembered, so that they are there at once when they are drawn again. */
const REMEMBERED = 500;
/** The previews of a message, by its id and its text. @type {Map<string, LinkPreview[]>} */
const known = new Map();
/** What stands below the text of a message. @type {WeakMap<Element, {key: string, node: Node|null}>} */
const drawn = new WeakMap();
const inView = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries)
    if (isIntersecting) /** @type {LinkPreviews} */ (target).ask();
});

export class LinkPreviews extends HTMLElement {
  /** It is put into its message again with each change of that. */
  #asked = false;

  /**
   * What stands below the text of a message, the same node until one of its links changes.
   * @param {MessageRow} row
   * @param {Element} message
   */
  static below(row, message) {
    const key = `${row.mayWrite} ${keyOf(row)}`;
    const before = drawn.get(message);
    if (before?.key === key) return before.node;
    const links = row.messageId ? previewLinks(row.content) : [];
    const places = links.map(() => h("span"));
    const node = places.length > 0 ? h("link-previews", null, places) : null;
    drawn.set(message, { key, node });
    return node;
  }

  // Lifecycle

  connectedCallback() {
    const found = known.get(keyOf(this.#message.row));
    if (found) this.#draw(found);
    else if (!this.#asked) inView.observe(this);
  }

  disconnectedCallback() {
    inView.unobserve(this);
  }

  // Actions

  /** The message has come into view. */
  ask() {
    inView.unobserve(this);
    this.#asked = true;
    const { row } = this.#message;
    emit(this, "link-preview", {
      messageId: row.messageId,
      found: async (/** @type {LinkPreview[]} */ previews) => {
        await loadLazyTexts();
        remember(keyOf(row), previews);
        if (this.isConnected) this.#draw(previews);
      },
    });
  }

  // Internal

  get #message() {
    const message = /** @type {MessageItem} */ (this.closest("message-item"));
    return /** @type {Data} */ (message.data);
  }

  /** Links without a preview give their room back. @param {LinkPreview[]} previews */
  #draw(previews) {
    const { row, roomId } = this.#message;
    const links = previewLinks(row.content);
    const shown = previews.filter(({ url }) => links.includes(url));
    const pictures = `api/chatrooms/${roomId}/messages/${row.messageId}/previews/`;
    const stops = this.closest("message-item")?.matches(":focus-within") ? "0" : "-1";
    fill(
      this,
      shown.map((preview) =>
        h(
          "div",
          { class: "card" },
          page(preview, pictures, stops),
          row.mine && row.mayWrite && this.#remover(row, preview.url, stops),
        ),
      ),
    );
  }

  /** @param {MessageRow} row @param {string} url @param {string} tabindex */
  #remover({ messageId, content }, url, tabindex) {
    const label = t("preview.remove");
    const onclick = () => emit(this, "link-preview", { messageId, content, url });
    return h(
      "button",
      {
        class: "icon-button",
        type: "button",
        "aria-label": label,
        title: label,
        tabindex,
        onclick,
      },
      icon("close", "small"),
    );
  }
}

// Internal

/** @param {LinkPreview} preview @param {string} pictures @param {string} tabindex */
function page({ url, title, description, siteName, picture }, pictures, tabindex) {
  const lang = (/** @type {string} */ text) => langOf(text) || null;
  const image =
    picture &&
    h("img", {
      src: pictures + picture.key,
      width: 84,
      height: 84,
      alt: "",
      decoding: "async",
      onerror: (/** @type {Event} */ event) =>
        /** @type {Element} */ (event.currentTarget).remove(),
    });
  return h(
    "a",
    { href: url, title: url, target: "_blank", rel: "noopener noreferrer", tabindex },
    h(
      "span",
      { class: "words" },
      h("span", { class: "meta truncate", dir: "auto" }, siteName),
      h("b", { class: "truncate", dir: "auto", lang: lang(title) }, title),
      description &&
        h("span", { class: "about", dir: "auto", lang: lang(description) }, description),
    ),
    image,
  );
}

/** An edited message has other links. @param {{messageId?: string, content: string}} row */
function keyOf({ messageId, content }) {
  return `${messageId} ${content}`;
}

/** @param {string} key @param {LinkPreview[]} previews */
function remember(key, previews) {
  known.set(key, previews);
  const [oldest] = known.keys();
  if (known.size > REMEMBERED) known.delete(oldest);
}

customElements.define("link-previews", LinkPreviews);
