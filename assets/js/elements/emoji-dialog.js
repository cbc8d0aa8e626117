/**
 * The dialog that adds a custom emoji, with those that I have added. A picture that is too large is
 * made smaller first.
 */
import { LONGEST_SIDE, MOST_BYTES, NAME, customEmoji, nameFor } from "../lib/custom-emoji.js";
import { field, openDialog, setError } from "../lib/dialog.js";
import { fill, h } from "../lib/dom.js";
import { ApiError } from "../lib/errors.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import { mediaPath } from "../lib/media.js";

/** Pixels of the longer side of a picture that was made smaller: enough for every screen. */
const SIDE = 128;

/**
 * @param {HTMLElement} host what holds the dialog
 * @param {string} me whose emoji are listed, "" for nobody's
 * @param {() => unknown} [added]
 */
export async function openEmojiDialog(host, me, added = () => undefined) {
  await customEmoji.need(host);
  if (me) await customEmoji.refresh();
  const life = new AbortController();
  const { file, name } = inputs();
  const preview = h("span", { class: "emoji-preview", "aria-hidden": "true" });
  file.addEventListener("change", () => {
    const [chosen] = file.files ?? [];
    setError(file, "");
    if (chosen && !name.value) name.value = nameFor(chosen.name);
    show(preview, chosen);
  });
  const { dialog } = openDialog({
    host,
    title: t("emoji.add"),
    action: t("emoji.add"),
    content: [
      field(t("emoji.picture"), file, t("emoji.pictureHint"), h("div", null, preview, file)),
      field(t("emoji.name"), name, t("emoji.nameHint")),
      me && mine(host, me, life.signal),
    ],
    submit: async () => {
      const done = await add(file, name);
      if (done) added();
      return done;
    },
  });
  dialog.addEventListener("close", () => {
    life.abort();
    show(preview, undefined);
  });
  file.focus();
}

// Internal

function inputs() {
  const file = h("input", {
    class: "input",
    id: "emoji-file",
    type: "file",
    accept: "image/png,image/jpeg,image/gif,image/webp",
  });
  const name = h("input", {
    class: "input",
    id: "emoji-name",
    type: "text",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: "64",
  });
  return { file, name };
}

/**
 * What is wrong stands beside its field.
 * @param {HTMLInputElement} file
 * @param {HTMLInputElement} name
 * @returns {Promise<boolean>} whether it was added
 */
async function add(file, name) {
  const wanted = name.value.trim().replaceAll(":", "");
  const [chosen] = file.files ?? [];
  setError(name, NAME.test(wanted) ? "" : t("emoji.nameWrong"));
  setError(file, chosen ? "" : t("emoji.pictureNeeded"));
  const wrong = [file, name].find((input) => input.getAttribute("aria-invalid"));
  wrong?.focus();
  if (wrong || !chosen) return false;
  const picture = await fitting(chosen);
  if (!picture) return refused(file, t("emoji.pictureWrong"));
  try {
    await customEmoji.add(wanted, picture);
  } catch (error) {
    const at = refusal(error);
    if (!at) throw error;
    return refused(at.field === "name" ? name : file, at.text);
  }
  return true;
}

/** @param {HTMLElement} preview @param {File|undefined} file */
function show(preview, file) {
  const before = preview.querySelector("img");
  if (before) URL.revokeObjectURL(before.src);
  fill(preview, file && h("img", { src: URL.createObjectURL(file), alt: "" }));
}

/**
 * Those that I have added, each with a button that deletes it.
 * @param {HTMLElement} host
 * @param {string} me
 * @param {AbortSignal} signal
 */
function mine(host, me, signal) {
  const list = h("ul", { class: "emoji-mine" });
  const all = h("div", null, h("h3", { class: "meta" }, t("emoji.mine")), list);
  const draw = () => {
    const own = customEmoji.all().filter(({ userId }) => userId === me);
    all.hidden = own.length === 0;
    fill(
      list,
      own.map(({ name, mediaName }) => item(host, name, mediaName)),
    );
  };
  customEmoji.addEventListener("change", draw, { signal });
  draw();
  return all;
}

/** @param {HTMLElement} host @param {string} name @param {string} mediaName */
function item(host, name, mediaName) {
  const label = t("emoji.delete", { name });
  const onclick = () => {
    // The dialog that asks stands beside the one that lists.
    const place = h("div");
    host.after(place);
    const { dialog } = openDialog({
      host: place,
      title: t("emoji.deleteTitle", { name }),
      action: t("emoji.deleteAction"),
      danger: true,
      content: [h("p", null, t("emoji.deleteText"))],
      submit: () => customEmoji.remove(name),
    });
    dialog.addEventListener("close", () => place.remove());
  };
  return h(
    "li",
    null,
    h("img", { src: mediaPath(mediaName), alt: "" }),
    h("span", { class: "truncate" }, `:${name}:`),
    h(
      "button",
      { class: "icon-button", type: "button", "aria-label": label, title: label, onclick },
      icon("trash", "small"),
    ),
  );
}

/** @param {HTMLInputElement} input @param {string} text */
function refused(input, text) {
  setError(input, text);
  input.focus();
  return false;
}

/** What the server refuses, and where that stands. @param {unknown} error */
function refusal(error) {
  if (!(error instanceof ApiError)) return null;
  const { code, status, message } = error;
  if (code === "already_exists") return { field: "name", text: t("emoji.taken") };
  if (status === 413 || error.field === "body")
    return { field: "file", text: t("emoji.pictureWrong") };
  if (error.field !== "name") return null;
  const isFull = message.includes("cannot be added");
  return { field: "name", text: t(isFull ? "emoji.full" : "emoji.builtIn") };
}

/**
 * The picture as it is if the server takes it, otherwise a smaller copy. An animation would stop
 * moving.
 * @param {File} file
 * @returns {Promise<Blob|null>} null: it cannot be one
 */
async function fitting(file) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return null;
  const { width, height } = picture;
  const longer = Math.max(width, height);
  if (file.size <= MOST_BYTES && longer <= LONGEST_SIDE) return file;
  if (file.type === "image/gif") return null;
  const scale = Math.min(1, SIDE / longer);
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
