/**
 * Creates a room or a direct message, adds people, asks. What is done with an answer is handed down
 * by chat-app and throws on failure.
 */
import { setError, field, openDialog } from "../lib/dialog.js";
import { fill, h, set } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { lengthOf } from "../lib/text.js";
import "../lib/more-icons.js";
import { peoplePicker } from "./people-picker.js";

/** @import {Person} from "../types.js" */

/** @typedef {(query: string) => Promise<Person[]>} Find */

const NAME_LONGEST = 64;

export class RoomDialog extends HTMLElement {
  // Actions

  /**
   * @param {Find} find
   * @param {string} me
   * @param {(wanted: {targetUserIds: string[], name?: string, visibility?: string, direct?:
   *   boolean}) => Promise<unknown>} create
   */
  create(find, me, create) {
    let direct = false;
    const picker = peoplePicker(find, [me]);
    const name = nameInput("room-name", "");
    const nameField = field(t("room.name"), name);
    const sight = visibilityField();
    const people = pickerField(picker);
    const kinds = h("div", { class: "segmented", role: "group", "aria-label": t("room.type") });
    const hint = h("p", { class: "meta" });
    const { go } = openDialog({
      host: this,
      title: t("rooms.new"),
      content: [kinds, nameField, sight, people],
      action: t("room.create"),
      hint,
      submit: async () => {
        if (!direct && !checkName(name)) return false;
        if (!(await checkPeople(picker, direct))) return false;
        const targetUserIds = picker.chosen.map((person) => person.userId);
        const seen = /** @type {HTMLInputElement} */ (sight.querySelector(":checked"))?.value;
        await create(
          direct
            ? { targetUserIds, direct: true }
            : { targetUserIds, name: name.value.trim(), visibility: seen },
        );
      },
    });
    const show = () => {
      fill(
        kinds,
        kind("room.group", !direct, () => turn(false)),
        kind("room.direct", direct, () => turn(true)),
      );
      nameField.hidden = sight.hidden = direct;
      fill(go, t(direct ? "room.open" : "room.create"));
      fill(hint, direct && picker.chosen.length > 1 ? t("room.directHint") : "");
    };
    const turn = (/** @type {boolean} */ now) => {
      direct = now;
      show();
      (direct ? picker.input : name).focus();
    };
    picker.addEventListener("people-change", show);
    turn(false);
  }

  /**
   * @param {Find} find
   * @param {string[]} inside login names of those who are in the room
   * @param {(userIds: string[]) => Promise<unknown>} add
   */
  addPeople(find, inside, add) {
    const picker = peoplePicker(find, inside);
    openDialog({
      host: this,
      title: t("people.add"),
      action: t("people.addAction"),
      content: [pickerField(picker)],
      submit: async () => {
        if (!(await checkPeople(picker, true))) return false;
        await add(picker.chosen.map((person) => person.userId));
      },
    });
    picker.input.focus();
  }

  /**
   * A question whose answer cannot be taken back.
   * @param {{title: string, text: string, action: string, danger?: boolean}} words danger, unless it
   *   is false: it destroys something
   * @param {() => Promise<unknown>} confirmed
   */
  confirm({ title, text, action, danger = true }, confirmed) {
    const { form } = openDialog({
      host: this,
      title,
      content: [h("p", null, text)],
      action,
      danger,
      submit: confirmed,
    });
    // Enter that comes too early destroys nothing.
    /** @type {HTMLElement} */ (form.querySelector(".foot .button")).focus();
  }
}

/** @param {string} id @param {string} value @param {number} longest */
export function nameInput(id, value, longest = NAME_LONGEST) {
  return h("input", {
    class: "input",
    id,
    name: id,
    type: "text",
    value,
    autocomplete: "off",
    maxlength: 2 * longest,
  });
}

/** @param {HTMLInputElement} input */
export function checkName(input) {
  const name = input.value.trim();
  const tooLong = lengthOf(name) > NAME_LONGEST ? t("room.nameTooLong") : "";
  setError(input, name ? tooLong : t("room.nameNeeded"));
  if (input.getAttribute("aria-invalid")) input.focus();
  return !input.getAttribute("aria-invalid");
}

// Internal

/** @param {import("./people-picker.js").PeoplePicker} picker */
function pickerField(picker) {
  return h(
    "div",
    { class: "field" },
    h("label", { for: "people" }, t("people.title")),
    picker,
    h("p", { class: "error", id: "people-error", hidden: true }),
  );
}

/**
 * @param {import("./people-picker.js").PeoplePicker} picker
 * @param {boolean} needed at least one person must be chosen
 * @returns {Promise<boolean>}
 */
async function checkPeople(picker, needed) {
  const known = await picker.takeTyped();
  const missing = needed && picker.chosen.length === 0;
  const error = missing ? t("people.needed") : "";
  setError(picker.input, known ? error : t("people.unknown"));
  return known && !missing;
}

function visibilityField() {
  return h(
    "fieldset",
    { class: "field" },
    h("legend", null, t("room.visibility")),
    choice("public", "globe", false),
    choice("private", "lock", true),
  );
}

/** @param {"public"|"private"} value @param {string} picture @param {boolean} checked */
function choice(value, picture, checked) {
  return h(
    "label",
    { class: "choice pick media" },
    icon(picture),
    h("span", null, t(`room.${value}`), h("small", null, t(`room.${value}Hint`))),
    h("input", { type: "radio", name: "visibility", value, checked }),
  );
}

/** @param {string} key @param {boolean} current @param {() => void} onclick */
function kind(key, current, onclick) {
  return set(h("button", { type: "button", onclick, "aria-pressed": String(current) }, t(key)), {
    "aria-current": current ? "true" : null,
  });
}

customElements.define("room-dialog", RoomDialog);
