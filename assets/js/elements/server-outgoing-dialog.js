/** The dialog that creates an outgoing webhook. */
import { field, openDialog, setError } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { ApiError } from "../lib/errors.js";
import { t } from "../lib/i18n.js";
import { checkName, isWrong, plain, refusedAt } from "./server-integration.js";
import { showSecret } from "./server-question.js";
import { roomsChoice } from "./server-rooms-choice.js";

/** @import {Data} from "./server-page.js" */

/** What is sent unless something else is chosen. */
const USUAL = ["posted", "edited", "deleted"];

/** Boxes for what is sent. */
function eventsChoice() {
  const events = [
    { value: "posted", label: t("server.eventPosted") },
    { value: "edited", label: t("server.eventEdited") },
    { value: "deleted", label: t("server.eventDeleted") },
    { value: "joined", label: t("server.eventJoined") },
    { value: "left", label: t("server.eventLeft") },
  ];
  const boxes = events.map(({ value }) =>
    h("input", { type: "checkbox", value, checked: USUAL.includes(value) }),
  );
  const element = h(
    "fieldset",
    { class: "choices", id: "outgoing-events" },
    h("legend", null, t("server.outgoingEvents")),
    events.map(({ label }, at) => h("label", null, boxes[at], h("span", null, label))),
  );
  const chosen = () => boxes.filter(({ checked }) => checked).map(({ value }) => value);
  return { element, chosen };
}

/** A box for all public rooms, instead of the choice of rooms. @param {HTMLElement|false} rooms */
function allRooms(rooms) {
  const box = /** @type {HTMLInputElement} */ (
    h("input", {
      type: "checkbox",
      id: "outgoing-all",
      onchange: () => {
        if (rooms) rooms.hidden = box.checked;
      },
    })
  );
  const label = h("label", null, box, h("span", null, t("server.allPublicRooms")));
  return { element: h("div", { class: "choices" }, label), box };
}

/** @param {Data|undefined} data @param {() => unknown} created */
export async function createOutgoing(data, created) {
  const host = await data?.host();
  if (!host) return;
  const name = plain("outgoing-name");
  const url = h("input", {
    class: "input",
    id: "outgoing-url",
    type: "url",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "https://",
  });
  const events = eventsChoice();
  const rooms = await roomsChoice(data, t("server.outgoingRooms"));
  const all = allRooms(rooms.element);
  const chosen = () => (all.box.checked ? [] : rooms.chosen());
  const create = async () => {
    const webhook = {
      name: name.value.trim(),
      url: url.value.trim(),
      rooms: chosen(),
      all_public_rooms: all.box.checked,
      events: events.chosen(),
    };
    const [made] = (await data?.command({ "outgoing_webhook.create": webhook })) ?? [];
    created();
    showSecret(dialog, {
      id: "new-secret",
      label: t("server.outgoingSecretOf", { name: made.name }),
      value: made.secret,
      hint: t("server.secretOnce"),
    });
    return false;
  };
  const dialog = openDialog({
    host,
    title: t("server.addOutgoing"),
    action: t("server.addOutgoing"),
    content: [
      field(t("room.name"), name, t("server.tokenNameHint")),
      field(t("server.outgoingUrl"), url, t("server.outgoingUrlHint")),
      events.element,
      all.element,
      rooms.element,
    ],
    submit: async () => {
      checkName(name);
      setError(url, isWebAddress(url.value.trim()) ? "" : t("server.outgoingUrlWrong"));
      if (isWrong(name, url)) return false;
      if (events.chosen().length === 0) throw new Error(t("server.outgoingEventsNeeded"));
      if (!all.box.checked && chosen().length === 0)
        throw new Error(t("server.outgoingRoomsNeeded"));
      return refusedAt(name, () => acceptedAt(url, create));
    },
  });
  name.focus();
}

/** @param {string} text */
export function isWebAddress(text) {
  return URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);
}

/**
 * What the server refuses about an address stands beside it.
 * @param {HTMLInputElement} input
 * @param {() => Promise<unknown>} create
 */
export async function acceptedAt(input, create) {
  try {
    return await create();
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "usage") throw error;
    setError(input, t("server.outgoingUrlRefused"));
    input.focus();
    return false;
  }
}
