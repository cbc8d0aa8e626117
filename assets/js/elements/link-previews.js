/**
 * What the links of a message lead to, as cards below its text. There is room for one at each link
 * from the start, and a link without a preview gives it back once nobody sees it, so that nothing
 * that is read moves. Only our server is asked, once the message comes into view. Emits
 * `link-preview`.
 */
import { emit, fill, h } from "../lib/dom.js";
import { loadLazyTexts, t } from "../lib/i18n.js";
import { icon } from "../lib/icons.js";
import { previewLinks } from "../lib/preview-links.js";
import { anchorOf, restore } from "../lib/scroll.js";
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

const outOfView = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries)
    if (!isIntersecting) /** @type {LinkPreviews} */ (target).release();
});

export class LinkPreviews extends HTMLElement {
  /** It is put into its message again with each change of that. */
  #asked = false;
  /** Links without a preview keep their room. */
  #holds = false;

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
    outOfView.unobserve(this);
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
        if (!this.isConnected) return;
        this.#holds = true;
        this.#draw(previews);
      },
    });
  }

  /** The message has left the view: what stays empty goes, and what is in view stays where it is. */
  release() {
    outOfView.unobserve(this);
    this.#holds = false;
    const list = this.closest("message-item")?.parentElement;
    const scroller = list?.closest(".scroll");
    const anchor = list && scroller ? anchorOf(scroller, list) : null;
    for (const place of this.querySelectorAll(":scope > span")) place.remove();
    if (scroller) restore(scroller, anchor);
  }

  // Internal

  get #message() {
    const message = /** @type {MessageItem} */ (this.closest("message-item"));
    return /** @type {Data} */ (message.data);
  }

  /** @param {LinkPreview[]} previews */
  #draw(previews) {
    const { row, roomId } = this.#message;
    const links = previewLinks(row.content);
    const shown = previews.filter(({ url }) => links.includes(url));
    const pictures = `api/chatrooms/${roomId}/messages/${row.messageId}/previews/`;
    const stops = this.closest("message-item")?.matches(":focus-within") ? "0" : "-1";
    const empty = this.#holds ? links.slice(shown.length).map(() => h("span")) : [];
    if (empty.length > 0) outOfView.observe(this);
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
      empty,
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
