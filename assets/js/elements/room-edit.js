/** A form for the name, the topic and the description of a room. */
import { field, openDialog, setError } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { lengthOf } from "../lib/text.js";
import { checkName, nameInput } from "./room-dialog.js";

/** @import {Room} from "../types.js" */
/** @import {RoomSettings} from "../types-own.js" */

const LONGEST = 1024;

/**
 * @param {HTMLElement} host
 * @param {Room} room
 * @param {"topic"|undefined} focus what is edited first, otherwise the name
 * @param {(changed: {name?: string} & RoomSettings) => Promise<unknown>} save with what is different
 */
export function editRoom(host, room, focus, save) {
  const name = nameInput("room-name", room.name ?? "");
  const topic = nameInput("room-topic", room.topic ?? "", LONGEST);
  const value = room.description ?? "";
  const about = h("textarea", { class: "input", id: "room-description", rows: 3, value });
  openDialog({
    host,
    title: t(room.name ? "details.edit" : "details.editDirect"),
    content: [
      field(t("room.name"), name),
      field(t("details.topic"), topic, t("details.topicHint")),
      field(t("details.description"), about, t("details.descriptionHint")),
    ],
    action: t("action.save"),
    submit: async () => {
      // Who gave it no name so far need not do so now.
      const named = (!room.name && !name.value.trim()) || checkName(name);
      if (!named || !fits(topic) || !fits(about)) return false;
      const changed = {
        ...differs("name", room.name, name.value, name.value.trim()),
        ...differs("topic", room.topic, topic.value, topic.value.trim() || null),
        ...differs("description", room.description, about.value, about.value.trim() || null),
      };
      if (Object.keys(changed).length > 0) await save(changed);
    },
  });
  (focus === "topic" ? topic : name).select();
}

// Internal

/** @param {HTMLInputElement|HTMLTextAreaElement} input */
function fits(input) {
  const tooLong = lengthOf(input.value.trim()) > LONGEST;
  setError(input, tooLong ? t("login.tooLong", { n: LONGEST }) : "");
  if (tooLong) input.focus();
  return !tooLong;
}

/**
 * @param {string} key
 * @param {string|null|undefined} before
 * @param {string} now
 * @param {string|null} value
 */
function differs(key, before, now, value) {
  return now.trim() === (before ?? "") ? {} : { [key]: value };
}
