/**
 * A person: who it is, since when, and in a room their role and name there. `commands` are handed
 * down by chat-app.
 */
import { field, openDialog } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { locale, t } from "../lib/i18n.js";
import { langOf } from "../lib/text.js";
import { date } from "../lib/time.js";
import { avatar } from "./user-avatar.js";

/** @import {Participant, Person, Role} from "../types.js" */

/**
 * @typedef {object} Subject
 * @property {string} userId
 * @property {string} name display name
 * @property {string} [picture]
 * @property {Participant} [inside] set when they are in the open room
 * @property {boolean} me
 * @property {boolean} mayName
 * @property {boolean} mayChangeRole
 * @property {boolean} mayRemove
 */

/**
 * @typedef {object} Commands
 * @property {(change: {role?: Role, name?: string}) => Promise<unknown>} save
 * @property {() => void} remove
 * @property {() => Promise<unknown>} write
 * @property {Promise<Person>} about what the server tells about them
 */

export class PersonDialog extends HTMLElement {
  // Actions

  /** @param {Subject} person @param {Commands} commands */
  open(person, { save, remove, write, about }) {
    const { inside } = person;
    const name = h("input", {
      class: "input",
      id: "room-name-of",
      type: "text",
      value: inside?.edited_name ?? "",
      placeholder: person.name,
      maxlength: 128,
      autocomplete: "off",
    });
    const role = h(
      "select",
      { class: "input", id: "role" },
      ["member", "sub-admin", "admin"].map((value) =>
        h("option", { value, selected: inside?.role === value }, t(`role.${value}`)),
      ),
    );
    const editable = Boolean(inside && (person.mayName || person.mayChangeRole));
    const face = avatar({
      id: person.userId,
      name: person.name,
      picture: person.picture,
      size: "l",
    });
    const since = h("p", { class: "meta" });
    about.then(
      ({ name, media, createdAt }) => {
        face.face = { id: person.userId, name, picture: media?.name, size: "l" };
        if (createdAt) since.textContent = t("person.since", { date: date(createdAt, locale()) });
      },
      () => undefined,
    );
    const leave = () => this.querySelector("dialog")?.close();
    openDialog({
      host: this,
      title: t("person.title"),
      content: [
        h(
          "div",
          { class: "person" },
          face,
          h(
            "div",
            null,
            h("p", { class: "person-name", lang: langOf(person.name) || null }, person.name),
            h("p", { class: "meta" }, `@${person.userId}`),
            since,
          ),
        ),
        inside && person.mayName && field(t("person.nameHere"), name, t("person.nameHereHint")),
        inside && person.mayChangeRole && field(t("person.role"), role),
        h(
          "div",
          { class: "wrap" },
          !person.me &&
            h(
              "button",
              {
                class: "button message",
                type: "button",
                onclick: async () => {
                  leave();
                  await write();
                },
              },
              t("person.write"),
            ),
          inside &&
            person.mayRemove &&
            !person.me &&
            h(
              "button",
              {
                class: "button danger remove",
                type: "button",
                onclick: () => {
                  leave();
                  remove();
                },
              },
              t("person.remove"),
            ),
        ),
      ],
      action: editable ? t("action.save") : "",
      submit: async () => {
        if (!inside) return;
        const change = {
          ...(person.mayChangeRole &&
            role.value !== inside.role && { role: /** @type {Role} */ (role.value) }),
          ...(person.mayName &&
            name.value.trim() !== inside.edited_name && { name: name.value.trim() }),
        };
        if (Object.keys(change).length) await save(change);
      },
    });
  }
}

customElements.define("person-dialog", PersonDialog);
