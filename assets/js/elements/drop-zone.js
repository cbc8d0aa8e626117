/**
 * Files dragged over the page: the whole conversation takes them, under a veil. Elsewhere nothing
 * happens, since the browser would leave the page and open the file.
 */
import { fill, h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";

/**
 * @param {HTMLElement} main the conversation
 * @param {() => string|null} room the name of the room that takes files now, null for none
 * @param {(files: File[]) => void} dropped
 * @param {AbortSignal} signal
 */
export function dropZone(main, room, dropped, signal) {
  const veil = h("div", { class: "drop-veil" });
  /** @param {DragEvent} event @returns {string|null} the room under the pointer */
  const target = (event) => {
    const inside = main.contains(/** @type {Node|null} */ (event.target));
    return inside && !document.querySelector("dialog[open]") ? room() : null;
  };
  const over = (/** @type {DragEvent} */ event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    const name = target(event);
    event.dataTransfer.dropEffect = name === null ? "none" : "copy";
    if (name === null) return veil.remove();
    if (veil.isConnected) return;
    fill(veil, icon("clip"), h("p", null, t("upload.drop", { room: name })));
    main.append(veil);
  };
  const drop = (/** @type {DragEvent} */ event) => {
    veil.remove();
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    if (target(event) !== null) dropped([...event.dataTransfer.files]);
  };
  const leave = (/** @type {DragEvent} */ event) => {
    // Out of the window.
    if (!event.relatedTarget) veil.remove();
  };
  document.addEventListener("dragenter", over, { signal });
  document.addEventListener("dragover", over, { signal });
  document.addEventListener("dragleave", leave, { signal });
  document.addEventListener("drop", drop, { signal });
}
