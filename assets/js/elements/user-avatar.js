/** A person or a room as initials on a colour of its own. Hidden from screen readers: the name stands beside it. */
import { set, say } from "../lib/dom.js";
import { hue, initials, roomLetter } from "../lib/names.js";
import { langOf } from "../lib/text.js";

/**
 * @typedef {object} Face
 * @property {string} id
 * @property {string} name
 * @property {"room"|"person"} [kind]
 * @property {"xs"|"s"|"m"|"l"} [size]
 * @property {"here"|"offline"} [presence]
 */

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
      "aria-hidden": "true", "data-kind": room ? "room" : null, "data-hue": room ? null : hue(face.id),
      "data-size": face.size, "data-presence": face.presence, lang: langOf(face.name) || null,
    });
    say(this, room ? roomLetter(face.name) : initials(face.name, face.size));
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
