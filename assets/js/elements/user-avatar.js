/**
 * The picture of a person or room, or initials on a colour. Hidden from screen readers, because the
 * name is always beside it.
 */
import { fill, h, set } from "../lib/dom.js";
import { previewPath, previews } from "../lib/media.js";
import { hue, initials, roomLetter } from "../lib/names.js";
import { langOf } from "../lib/text.js";

/**
 * @typedef {object} Face
 * @property {string} id
 * @property {string} name
 * @property {"room"|"person"} [kind]
 * @property {"xs"|"s"|"m"|"l"} [size]
 * @property {import("../types-own.js").Presence} [presence]
 * @property {string} [picture] name of the uploaded picture
 */

/** Pixels of the largest avatar: one copy of a picture serves all sizes. */
const SIDE = 96;

export class UserAvatar extends HTMLElement {
  /** @type {string} */
  #shown = "";

  /** @param {Face} face */
  set face(face) {
    const key = JSON.stringify(face);
    if (key === this.#shown) return;
    this.#shown = key;
    const room = face.kind === "room";
    set(this, {
      "aria-hidden": "true",
      "data-kind": room ? "room" : null,
      "data-hue": room ? null : hue(face.id),
      "data-size": face.size,
      "data-presence": face.presence,
      lang: langOf(face.name) || null,
    });
    const letters = room ? roomLetter(face.name) : initials(face.name, face.size);
    // What cannot be fetched (any more) is as good as none.
    fill(
      this,
      face.picture
        ? h("img", {
            src: previewPath(face.picture, SIDE),
            srcset: previews(face.picture, SIDE),
            alt: "",
            loading: "lazy",
            decoding: "async",
            onerror: () => fill(this, letters),
          })
        : letters,
    );
  }
}

/**
 * @param {Face} face
 * @returns {UserAvatar}
 */
export function avatar(face) {
  const element = /** @type {UserAvatar} */ (document.createElement("user-avatar"));
  element.face = face;
  return element;
}

customElements.define("user-avatar", UserAvatar);
