/** Uploaded files: where they are, what to call them, how large to draw them. Pure. */

/** @import {Media} from "../types.js" */

/** The box that a picture in a conversation has to fit into. */
const BOX = { width: 360, height: 240 };

/**
 * What no file name may hold: control characters, and those that are invisible or turn text around.
 */
const HIDDEN =
  /[\p{Cc}\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180E\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\u2800\u3164\uFEFF\uFFA0\uFFF0-\uFFFB]/gu;
/** Joiners and forms where they join and form nothing: the server takes them in emoji and some scripts. */
const LOOSE =
  /(?<=^|[\s\p{P}\p{Nd}\p{sc=Latn}\p{sc=Cyrl}\p{sc=Grek}\p{sc=Hang}])[\u200C\u200D\uFE00-\uFE0F]+(?!\u20E3)|[\u200C\u200D]+(?=$|[\s\p{P}])/gu;

/**
 * @param {string} name
 * @param {number} [id] under which of its names it is saved
 */
export function mediaPath(name, id) {
  return `api/media/${encodeURIComponent(name)}${id ? `?id=${id}` : ""}`;
}

/**
 * Where a copy of a picture is that is sharp on this many pixels of a plain screen.
 * @param {string} name
 * @param {number} pixels its longer side
 * @param {number} [id] under which of its names it is saved
 */
export function previewPath(name, pixels, id) {
  return `api/media/${encodeURIComponent(name)}/preview?pixels=${pixels}${id ? `&id=${id}` : ""}`;
}

/**
 * The copies of a picture for plain screens and for those with two pixels for one (`srcset`).
 * @param {string} name
 * @param {number} pixels its longer side
 * @param {number} [id]
 */
export function previews(name, pixels, id) {
  return [1, 2].map((times) => `${previewPath(name, pixels * times, id)} ${times}x`).join(", ");
}

/**
 * The name of a file from the disk as the server takes it.
 * @param {string} name
 */
export function plainName(name) {
  return name.replace(HIDDEN, "").replace(LOOSE, "").trim();
}

/**
 * What a file is called by people.
 * @param {Media} media
 */
export function fileName({ fileName, name, type }) {
  return fileName || `${name.slice(0, 8)}${type ? `.${type}` : ""}`;
}

/**
 * The size at which a picture is drawn, known before it is fetched, so that nothing moves when it
 * comes.
 * @param {{width?: number, height?: number}} media
 */
export function fitted({ width, height }) {
  if (!width || !height) return { ...BOX };
  const scale = Math.min(1, BOX.width / width, BOX.height / height);
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}

/**
 * The text of a message that is only files, since every message has one: clients that know no files
 * show their names.
 * @param {Media[]} media
 */
export function caption(media) {
  return [...media.map(fileName).join(", ")].slice(0, 1000).join("");
}

/**
 * 14 kB, in the reader's language.
 * @param {number} bytes
 * @param {string} lang
 */
export function fileSize(bytes, lang) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return new Intl.NumberFormat(lang, {
    style: "unit",
    unit: units[step],
    unitDisplay: step ? "short" : "long",
    maximumFractionDigits: value < 10 && step ? 1 : 0,
  }).format(value);
}
