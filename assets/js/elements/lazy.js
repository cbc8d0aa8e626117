/**
 * Elements that the first paint does not need. Each is loaded with its style and its texts when it
 * is first used.
 */
import { h } from "../lib/dom.js";
import { ApiError } from "../lib/errors.js";
import { loadLazyTexts } from "../lib/i18n.js";

/** Written out, so that a tool (and a test) sees what is imported. */
const MODULES = {
  "action-sheet": () => import("./action-sheet.js"),
  "code-block": () => import("./code-block.js"),
  "command-answers": () => import("./command-answers.js"),
  "custom-emoji": () => import("./custom-emoji.js"),
  "emoji-picker": () => import("./emoji-picker.js"),
  "forgot-form": () => import("./forgot-form.js"),
  "format-bar": () => import("./format-bar.js"),
  "invite-form": () => import("./invite-form.js"),
  "link-previews": () => import("./link-previews.js"),
  "login-form": () => import("./login-form.js"),
  "motd-notice": () => import("./motd-notice.js"),
  "person-dialog": () => import("./person-dialog.js"),
  "picture-viewer": () => import("./picture-viewer.js"),
  "quick-switcher": () => import("./quick-switcher.js"),
  "reaction-picker": () => import("./reaction-picker.js"),
  "reader-list": () => import("./reader-list.js"),
  "reset-form": () => import("./reset-form.js"),
  "room-absent": () => import("./room-absent.js"),
  "room-details": () => import("./room-details.js"),
  "room-dialog": () => import("./room-dialog.js"),
  "room-directory": () => import("./room-directory.js"),
  "room-files": () => import("./room-files.js"),
  "room-pins": () => import("./room-pins.js"),
  "room-retention": () => import("./room-retention.js"),
  "row-menu": () => import("./row-menu.js"),
  "saved-list": () => import("./saved-list.js"),
  "search-results": () => import("./search-results.js"),
  "server-page": () => import("./server-page.js"),
  "settings-page": () => import("./settings-page.js"),
  "shortcut-help": () => import("./shortcut-help.js"),
  "sign-in-code": () => import("./sign-in-code.js"),
  "sign-in-factor": () => import("./sign-in-factor.js"),
  "sign-in-sso": () => import("./sign-in-sso.js"),
  "text-completion": () => import("./text-completion.js"),
  "thread-counts": () => import("./thread-counts.js"),
  "thread-panel": () => import("./thread-panel.js"),
  "threads-list": () => import("./threads-list.js"),
  "upload-list": () => import("./upload-list.js"),
};

/**
 * Styles beside the one that is called like the element.
 * @type {Partial<Record<Lazy, string[]>>}
 */
const STYLES = {
  "person-dialog": ["room-dialog"],
  "reader-list": ["room-dialog"],
  "room-pins": ["custom-emoji"],
  "saved-list": ["custom-emoji"],
  "search-results": ["custom-emoji"],
  "server-page": ["row-menu"],
  "shortcut-help": ["room-dialog"],
  "threads-list": ["custom-emoji"],
};

/**
 * What needs no words and no style of its own: it is there with the first conversation.
 * @type {Lazy[]}
 */
const EARLY = ["login-form", "room-details"];

/** @typedef {keyof typeof MODULES} Lazy */

/** @type {Map<Lazy, Promise<void>>} */
const loading = new Map();

/**
 * Waits until an element is defined, its style is there, and its words. After a failure the next
 * call tries again.
 * @param {Lazy} tag
 * @returns {Promise<void>}
 */
export function lazy(tag) {
  let found = loading.get(tag);
  if (!found) {
    const more = EARLY.includes(tag)
      ? []
      : [loadLazyTexts(), ...[...(STYLES[tag] ?? []), tag].map(style)];
    found = Promise.all([MODULES[tag](), ...more]).then(() => undefined, unloaded);
    found.catch(() => loading.delete(tag));
    loading.set(tag, found);
  }
  return found;
}

/** Throws what is said when a file of the page cannot be loaded. @returns {never} */
export function unloaded() {
  throw new ApiError(0, "offline", "A file of the page cannot be loaded.");
}

// Internal

/** @param {string} name @returns {Promise<void>} */
function style(name) {
  const href = new URL(`../../styles/${name}.css`, import.meta.url).href;
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const link = h("link", {
      rel: "stylesheet",
      href,
      onload: () => resolve(),
      onerror: () => {
        link.remove();
        reject(new TypeError(href));
      },
    });
    document.head.append(link);
  });
}
