/**
 * The files of a message: pictures at their final size, other files as a card with name and size.
 */
import { emit, h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { locale, t } from "../lib/i18n.js";
import { fileName, fileSize, fitted, mediaPath, previewPath, previews } from "../lib/media.js";

/** @import {Media} from "../types.js" */

/**
 * @param {Media[]} media
 * @param {HTMLElement} host a click on a picture emits `picture-open` from it
 */
export function mediaNodes(media, host) {
  const pictures = media.filter((file) => file.isImage);
  const files = media.filter((file) => !file.isImage);
  return [
    pictures.length > 0 &&
      h(
        "div",
        { class: "pictures" },
        pictures.map((file, index) =>
          picture(file, (event) => {
            // With a key held down it is a link like any other.
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            emit(host, "picture-open", { pictures, index });
          }),
        ),
      ),
    files.map(card),
  ];
}

// Internal

/** @param {Media} file @param {(event: MouseEvent) => void} onclick */
function picture(file, onclick) {
  const name = fileName(file);
  const size = fitted(file);
  const side = Math.max(size.width, size.height);
  return h(
    "a",
    {
      class: "picture",
      href: mediaPath(file.name, file.id),
      target: "_blank",
      rel: "noopener",
      title: name,
      onclick,
    },
    h("img", {
      src: previewPath(file.name, side, file.id),
      srcset: previews(file.name, side, file.id),
      width: size.width,
      height: size.height,
      alt: name,
      loading: "lazy",
      decoding: "async",
    }),
  );
}

/** @param {Media} file */
function card(file) {
  const name = fileName(file);
  const label = t("media.download", { name });
  return h(
    "div",
    { class: "file media" },
    h("span", { class: "tile" }, icon("file")),
    h(
      "span",
      { class: "truncate" },
      h(
        "a",
        {
          class: "truncate",
          href: mediaPath(file.name, file.id),
          target: "_blank",
          rel: "noopener",
          title: name,
        },
        h("bdi", null, name),
      ),
      h(
        "span",
        { class: "meta" },
        [file.type.toUpperCase(), fileSize(file.size, locale())].filter(Boolean).join(", "),
      ),
    ),
    h(
      "a",
      {
        class: "icon-button",
        href: mediaPath(file.name, file.id),
        download: name,
        "aria-label": label,
        title: label,
      },
      icon("download"),
    ),
  );
}
