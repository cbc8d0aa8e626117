/**
 * The files and links of a room, the latest first. The server has no list of them: its messages are
 * looked through from the end, a few pages at a time.
 */
import { fill, h, setText } from "../lib/dom.js";
import { errorText } from "../lib/errors.js";
import { icon } from "../lib/icons.js";
import { locale, t } from "../lib/i18n.js";
import { fileName, fileSize, mediaPath } from "../lib/media.js";
import { langOf } from "../lib/text.js";
import { exact, short } from "../lib/time.js";
import { View } from "../lib/view.js";
import { findsOf } from "../state/finds.js";

/** @import {Message} from "../types.js" */
/** @import {Find} from "../state/finds.js" */

/**
 * @typedef {{roomId: string, page: number, load: (before?: number) => Promise<Message[]>, nameOf:
 *   (message: Message) => string}} Data load: the newest messages before this seq, at most `page`
 */

/** Pages that are read before somebody wants more, unless enough was found. */
const PAGES = 5;
const ENOUGH = 20;

/** @extends {View<Data>} */
export class RoomFiles extends View {
  #roomId = "";
  /** @type {Find[]} */
  #found = [];
  /** The first message that was looked at, 1 when all were. @type {number|undefined} */
  #from;
  #list = h("ul");
  #note = h("p", { class: "meta", role: "status" });
  #more = h(
    "button",
    { class: "button quiet", type: "button", onclick: () => this.#look() },
    t("files.more"),
  );

  // Lifecycle

  build() {
    this.append(this.#list, this.#note, this.#more);
  }

  /** @param {Data} data */
  update({ roomId }) {
    if (roomId === this.#roomId) return;
    this.#roomId = roomId;
    this.#found = [];
    this.#from = undefined;
    fill(this.#list);
    this.#look();
  }

  // Internal

  /** @returns {Promise<void>} */
  async #look() {
    const { data } = this;
    if (!data || this.#more.getAttribute("aria-busy")) return;
    const { roomId, page, load, nameOf } = data;
    this.#more.setAttribute("aria-busy", "true");
    const enough = this.#found.length + ENOUGH;
    let failure = "";
    try {
      for (let left = PAGES; left > 0 && this.#from !== 1 && this.#found.length < enough; left--) {
        const messages = await load(this.#from);
        if (roomId !== this.#roomId) break;
        this.#from = messages.length < page ? 1 : messages[0].seq;
        this.#found.push(...messages.toReversed().flatMap(findsOf));
      }
    } catch (error) {
      failure = errorText(error);
    }
    this.#more.removeAttribute("aria-busy");
    if (roomId !== this.#roomId) return this.#look();
    const isDone = this.#from === 1;
    this.#more.hidden = isDone;
    setText(
      this.#note,
      failure || (this.#found.length ? "" : t(isDone ? "files.none" : "files.noneYet")),
    );
    fill(
      this.#list,
      this.#found.map((find) => row(roomId, find, nameOf(find.message))),
    );
  }
}

// Internal

/** @param {string} roomId @param {Find} find @param {string} name of who shared it */
function row(roomId, { message, media, link }, name) {
  const { createdAt: at, messageId } = message;
  const title = media ? fileName(media) : link;
  const href = media ? mediaPath(media.name, media.id) : link;
  const size = media ? `${fileSize(media.size, locale())} · ` : "";
  return h(
    "li",
    { class: "media" },
    h("span", { class: "tile" }, icon(media ? pictureOf(media) : "link")),
    h(
      "span",
      { class: "what" },
      h(
        "a",
        { class: "truncate", href, target: "_blank", rel: "noopener noreferrer", title },
        h("bdi", null, title),
      ),
      h(
        "span",
        { class: "meta truncate" },
        size,
        h("span", { lang: langOf(name) || null }, name || t("person.deleted")),
      ),
    ),
    h(
      "a",
      { class: "meta at", href: `#/${roomId}/${messageId}`, title: exact(at, locale()) },
      h("time", { datetime: at }, short(at, locale())),
    ),
  );
}

/** @param {{isImage: boolean}} media */
function pictureOf({ isImage }) {
  return isImage ? "image" : "file";
}

customElements.define("room-files", RoomFiles);
