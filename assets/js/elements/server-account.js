/** The dialogs of one account: create it, rename it, and give its user a new password. */
import { ApiError } from "../lib/errors.js";
import { setError, field, openDialog } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { locale, t } from "../lib/i18n.js";
import { stamp } from "../lib/time.js";
import { showSecret } from "./server-question.js";
import { tooLong, wrongUserName } from "./user-name.js";

/** @import {Data} from "./server-page.js" */
/** @import {Account} from "./server-users.js" */

/** Without characters that look alike; twenty of them cannot be guessed. */
const CHARACTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const PASSWORD_LENGTH = 20;

/**
 * @param {Data|undefined} data
 * @param {() => unknown} created
 */
export async function createAccount(data, created) {
  const host = await data?.host();
  if (!host) return;
  const user = h("input", {
    class: "input",
    id: "new-user",
    type: "text",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
  });
  const name = h("input", { class: "input", id: "new-name", type: "text", autocomplete: "off" });
  const admin = h("input", { class: "switch", type: "checkbox", role: "switch", id: "new-admin" });
  const dialog = openDialog({
    host,
    title: t("server.addUser"),
    action: t("login.create"),
    content: [
      field(t("login.user"), user),
      field(t("login.name"), name, t("login.nameHint")),
      h("div", { class: "spread" }, h("label", { for: "new-admin" }, t("server.admin")), admin),
    ],
    submit: async () => {
      const password = await send(data, user, name, admin.checked);
      if (!password) return false;
      created();
      showPassword(dialog, user.value.trim(), password);
      return false;
    },
  });
  user.focus();
}

/**
 * @param {Data|undefined} data
 * @param {Account} account
 * @param {(changed: Account[]|undefined) => void} renamed
 */
export async function renameAccount(data, { name, display_name: shown }, renamed) {
  const host = await data?.host();
  if (!host) return;
  const input = h("input", {
    class: "input",
    id: "new-name",
    type: "text",
    value: shown,
    autocomplete: "off",
  });
  openDialog({
    host,
    title: t("server.renameUser"),
    action: t("action.save"),
    content: [field(t("login.name"), input)],
    submit: async () => {
      const to = input.value.trim();
      setError(input, to ? tooLong(to) : t("profile.nameNeeded"));
      if (input.getAttribute("aria-invalid")) return false;
      renamed(await data?.command({ "user.rename": { name, to } }));
    },
  });
  input.select();
}

/** A link with which the user sets a password. @param {Data|undefined} data @param {Account} account */
export async function resetLink(data, { name, display_name: shown }) {
  const host = await data?.host();
  if (!host) return;
  const dialog = openDialog({
    host,
    title: t("server.linkTitle", { name: shown }),
    action: t("server.linkCreate"),
    content: [h("p", null, t("server.linkText", { name: shown }))],
    submit: async () => {
      const [{ url = "", expires = "" } = {}] =
        (await data?.command({ "user.reset_link": { name } })) ?? [];
      // People reach the server as this page did, which the server need not know.
      const value = new URL(new URL(url).hash, location.href.split("#")[0]).href;
      const hint = t("server.linkOnce", { time: stamp(expires, locale()) });
      showSecret(dialog, { id: "reset-link", label: t("server.linkOf", { name }), value, hint });
      return false;
    },
  });
}

/** A password that the administrator passes on. @param {Data|undefined} data @param {Account} account */
export async function setPassword(data, { name, display_name: shown }) {
  const host = await data?.host();
  if (!host) return;
  const dialog = openDialog({
    host,
    title: t("server.resetTitle", { name: shown }),
    action: t("server.resetPassword"),
    content: [h("p", null, t("server.resetText", { name: shown }))],
    submit: async () => {
      const password = generated();
      await data?.command({ "user.passwd": { name, password } });
      showPassword(dialog, name, password);
      return false;
    },
  });
}

// Internal

/**
 * Creates the account that the fields describe.
 * @param {Data|undefined} data
 * @param {HTMLInputElement} user
 * @param {HTMLInputElement} name
 * @param {boolean} admin
 * @returns {Promise<string>} its password, "" when a field is wrong
 */
async function send(data, user, name, admin) {
  const [userName, displayName] = [user.value.trim(), name.value.trim()];
  setError(user, wrongUserName(userName));
  setError(name, tooLong(displayName));
  const wrong = [user, name].find((input) => input.getAttribute("aria-invalid"));
  if (wrong) {
    wrong.focus();
    return "";
  }
  const password = generated();
  const account = { name: userName, password, admin };
  try {
    await data?.command({
      "user.create": { ...account, ...(displayName && { display_name: displayName }) },
    });
  } catch (error) {
    const text =
      error instanceof ApiError &&
      { conflict: t("login.taken"), usage: t("login.userInvalid") }[error.code];
    if (!text) throw error;
    setError(user, text);
    user.focus();
    return "";
  }
  return password;
}

/**
 * @param {{form: HTMLElement, go: HTMLElement}} dialog
 * @param {string} name
 * @param {string} value
 */
function showPassword(dialog, name, value) {
  const label = t("server.passwordOf", { name });
  showSecret(dialog, { id: "new-password", label, value, hint: t("server.passwordOnce") });
}

function generated() {
  // Bytes above the largest multiple are dropped, so that every character is equally likely.
  const fair = 256 - (256 % CHARACTERS.length);
  let password = "";
  while (password.length < PASSWORD_LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(PASSWORD_LENGTH))) {
      if (byte < fair && password.length < PASSWORD_LENGTH)
        password += CHARACTERS[byte % CHARACTERS.length];
    }
  }
  return password;
}
