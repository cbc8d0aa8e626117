/**
 * The profile of a person, and in a room their role and name there. `commands` are handed down by
 * chat-app.
 */
import { field, openDialog } from "../lib/dialog.js";
import { h, set, setText } from "../lib/dom.js";
import { locale, t } from "../lib/i18n.js";
import { lasting, statusText } from "../lib/status.js";
import { langOf } from "../lib/text.js";
import { date, stamp } from "../lib/time.js";
import { PRESENCE } from "../state/online.js";
import { avatar } from "./user-avatar.js";

/** @import {Participant, Person, Role} from "../types.js" */
/** @import {Presence, Status} from "../types-own.js" */

/** Timers cannot wait longer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

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
  open(person, commands) {
    const { inside } = person;
    const name = nameInput(person);
    const role = roleSelect(person);
    const { dialog } = openDialog({
      host: this,
      title: t("person.title"),
      content: [
        headOf(person, commands.about),
        inside && person.mayName && field(t("person.nameHere"), name, t("person.nameHereHint")),
        inside && person.mayChangeRole && field(t("person.role"), role),
        this.#buttons(person, commands),
      ],
      action: inside && (person.mayName || person.mayChangeRole) ? t("action.save") : "",
      submit: async () => {
        if (!inside) return;
        const change = {
          ...(person.mayChangeRole &&
            role.value !== inside.role && { role: /** @type {Role} */ (role.value) }),
          ...(person.mayName &&
            name.value.trim() !== inside.edited_name && { name: name.value.trim() }),
        };
        if (Object.keys(change).length) await commands.save(change);
      },
    });
    return dialog;
  }

  /** Shows whether the person is online, if that is known. @param {Presence} [presence] */
  tell(presence) {
    const line = this.querySelector(".person-presence");
    if (!(line instanceof HTMLElement)) return;
    set(line, { "data-presence": presence ?? null });
    line.hidden = !presence;
    setText(line, presence ? t(PRESENCE[presence]) : "");
  }

  // Internal

  /** @param {Subject} person @param {Commands} commands */
  #buttons({ inside, me, mayRemove }, { write, remove }) {
    const button = (
      /** @type {string} */ style,
      /** @type {string} */ label,
      /** @type {() => unknown} */ action,
    ) => {
      const onclick = () => {
        this.querySelector("dialog")?.close();
        return action();
      };
      return h("button", { class: `button ${style}`, type: "button", onclick }, label);
    };
    return h(
      "div",
      { class: "wrap" },
      !me && button("message", t("person.message"), write),
      inside && mayRemove && !me && button("danger remove", t("person.remove"), remove),
    );
  }
}

// Internal

/** @param {Subject} person @param {Promise<Person>} about */
function headOf({ userId, name, picture }, about) {
  const face = avatar({ id: userId, name, picture, size: "l" });
  const status = h("div", { class: "person-status", hidden: true });
  const since = h("p", { class: "meta" });
  about.then(
    (found) => {
      face.face = { id: userId, name: found.name, picture: found.media?.name, size: "l" };
      showStatus(status, found.status);
      if (!found.createdAt) return;
      since.textContent = t("person.since", { date: date(found.createdAt, locale()) });
    },
    () => undefined,
  );
  return h(
    "div",
    { class: "person" },
    face,
    h(
      "div",
      null,
      h("p", { class: "person-name", lang: langOf(name) || null }, name),
      h("p", { class: "meta" }, `@${userId}`),
      h("p", { class: "presence person-presence", hidden: true }),
      status,
      since,
    ),
  );
}

/**
 * Shows a status until it ends.
 *
 * @param {HTMLElement} place @param {Status|null} [status]
 */
function showStatus(place, status) {
  const shown = lasting(status);
  place.hidden = !shown;
  if (!shown) return place.replaceChildren();
  const text = statusText(shown);
  const until = shown.until;
  place.replaceChildren(
    h("p", { lang: langOf(text) || null }, text),
    until ? h("p", { class: "meta" }, t("status.untilTime", { time: stamp(until, locale()) })) : "",
  );
  if (!until) return;
  const left = Math.min(Date.parse(until) - Date.now(), LONGEST_TIMER_MS);
  setTimeout(() => place.isConnected && showStatus(place, status), left);
}

/** @param {Subject} person */
function nameInput({ inside, name }) {
  return h("input", {
    class: "input",
    id: "room-name-of",
    type: "text",
    value: inside?.edited_name ?? "",
    placeholder: name,
    maxlength: 128,
    autocomplete: "off",
  });
}

/** @param {Subject} person */
function roleSelect({ inside }) {
  const options = ["member", "sub-admin", "admin"].map((value) =>
    h("option", { value, selected: inside?.role === value }, t(`role.${value}`)),
  );
  return h("select", { class: "input", id: "role" }, options);
}

customElements.define("person-dialog", PersonDialog);
