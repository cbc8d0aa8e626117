/** The choice of rooms in a dialog of the server page. */
import { h } from "../lib/dom.js";
import { langOf } from "../lib/text.js";

/** @import {Data} from "./server-page.js" */
/** @import {Room} from "./server-rooms.js" */

/**
 * Boxes for all rooms that have a name and are not archived.
 * @param {Data|undefined} data
 * @param {string} legend
 * @returns {Promise<{element: HTMLElement|false, chosen: () => string[]}>}
 */
export async function roomsChoice(data, legend) {
  const all = /** @type {Room[]} */ ((await data?.command({ "room.list": {} })) ?? []);
  const rooms = all.filter(({ mode, name }) => mode !== "archived" && name);
  const boxes = rooms.map(({ room }) => h("input", { type: "checkbox", value: room }));
  const element =
    rooms.length > 0 &&
    h(
      "fieldset",
      { class: "choices" },
      h("legend", null, legend),
      rooms.map(({ name }, at) =>
        h("label", { lang: langOf(name ?? "") || null }, boxes[at], h("span", null, name)),
      ),
    );
  return {
    element,
    chosen: () => boxes.filter(({ checked }) => checked).map(({ value }) => value),
  };
}
