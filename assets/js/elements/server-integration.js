/** The dialogs that create a bot, an API token or an incoming webhook, and what they share. */
import { ApiError } from "../lib/errors.js";
import { setError, field, openDialog } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { showSecret } from "./server-question.js";
import { LIVES, SCOPES, choice } from "./token-choice.js";
import { tooLong, wrongUserName } from "./user-name.js";

/** @import {Data} from "./server-page.js" */

const DAY_S = 86_400;

/** @param {Data|undefined} data @param {() => unknown} created */
export async function createBot(data, created) {
  const host = await data?.host();
  if (!host) return;
  const user = plain("bot-user");
  const name = plain("bot-name");
  const guest = h("input", { class: "switch", type: "checkbox", role: "switch", id: "bot-guest" });
  openDialog({
    host,
    title: t("server.addBot"),
    action: t("server.addBot"),
    content: [
      field(t("login.user"), user),
      field(t("login.name"), name, t("login.nameHint")),
      h("div", { class: "spread" }, h("label", { for: "bot-guest" }, t("server.ownRooms")), guest),
    ],
    submit: async () => {
      const [login, shown] = [user.value.trim(), name.value.trim()];
      setError(user, wrongUserName(login));
      setError(name, tooLong(shown));
      if (isWrong(user, name)) return false;
      const bot = { name: login, guest: guest.checked, ...(shown && { display_name: shown }) };
      return refusedAt(user, async () => {
        await data?.command({ "bot.create": bot });
        created();
      });
    },
  });
  user.focus();
}

/**
 * @param {Data|undefined} data
 * @param {string} owner "" to ask
 * @param {() => unknown} created
 */
export async function createToken(data, owner, created) {
  const host = await data?.host();
  if (!host) return;
  const user = plain("token-user", owner);
  const name = plain("token-name");
  const scope = choice("token-scope", SCOPES, (value) => t(`server.scope-${value}`));
  const life = choice("token-life", LIVES, (value) =>
    value ? t("server.days", { n: Number(value) }) : t("server.unlimited"),
  );
  const dialog = openDialog({
    host,
    title: t("server.addToken"),
    action: t("server.addToken"),
    content: [
      field(t("login.user"), user, t("server.tokenUserHint")),
      field(t("room.name"), name, t("server.tokenNameHint")),
      field(t("server.scope"), scope),
      field(t("server.expires"), life),
    ],
    submit: async () => {
      setError(user, wrongUserName(user.value.trim()));
      checkName(name);
      if (isWrong(user, name)) return false;
      const days = Number(life.value);
      return refusedAt(name, async () => {
        const [made] =
          (await data?.command({
            "token.create": {
              name: user.value.trim(),
              token: name.value.trim(),
              scope: scope.value,
              ...(days > 0 && { expires_seconds: days * DAY_S }),
            },
          })) ?? [];
        created();
        const label = t("server.tokenOf", { name: made.name });
        showSecret(dialog, {
          id: "new-secret",
          label,
          value: made.token,
          hint: t("server.secretOnce"),
        });
        return false;
      });
    },
  });
  (owner ? name : user).focus();
}

/** @param {Data|undefined} data @param {() => unknown} created */
export async function createWebhook(data, created) {
  const host = await data?.host();
  if (!host) return;
  const name = plain("hook-name");
  const rooms = /** @type {import("./server-rooms.js").Room[]} */ (
    (await data?.command({ "room.list": {} })) ?? []
  ).filter(({ mode, name: title }) => mode !== "archived" && title);
  const room = choice(
    "hook-room",
    rooms.map((one) => one.room),
    (key) => rooms.find((one) => one.room === key)?.name ?? key,
  );
  const dialog = openDialog({
    host,
    title: t("server.addWebhook"),
    action: t("server.addWebhook"),
    content: [
      field(t("room.name"), name, t("server.webhookNameHint")),
      field(t("room.group"), room),
    ],
    submit: async () => {
      checkName(name);
      if (isWrong(name)) return false;
      return refusedAt(name, async () => {
        const [made] =
          (await data?.command({
            "webhook.create": { room: room.value, name: name.value.trim() },
          })) ?? [];
        created();
        // Programs reach the server as this page did, which the server need not know.
        const token = made.url.split("/").at(-1);
        const value = new URL(`hooks/${token}`, location.href.split("#")[0]).href;
        const label = t("server.webhookOf", { name: made.name });
        showSecret(dialog, { id: "new-secret", label, value, hint: t("server.secretOnce") });
        return false;
      });
    },
  });
  name.focus();
}

/** A field for a short text. @param {string} id @param {string} [value] */
export function plain(id, value = "") {
  return h("input", {
    class: "input",
    id,
    type: "text",
    value,
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
  });
}

/** Marks a name that is missing or too long. @param {HTMLInputElement} input */
export function checkName(input) {
  const name = input.value.trim();
  setError(input, name ? tooLong(name) : t("profile.nameNeeded"));
}

/** Whether one of the fields is marked; the first one gets the focus. @param {...HTMLInputElement} inputs */
export function isWrong(...inputs) {
  const wrong = inputs.find((input) => input.getAttribute("aria-invalid"));
  wrong?.focus();
  return Boolean(wrong);
}

/**
 * What the server refuses about a name stands beside it.
 * @param {HTMLInputElement} input
 * @param {() => Promise<unknown>} create
 */
export async function refusedAt(input, create) {
  try {
    return await create();
  } catch (error) {
    if (!(error instanceof ApiError) || !["conflict", "not_found"].includes(error.code))
      throw error;
    setError(input, error.code === "conflict" ? t("profile.taken") : t("people.unknown"));
    input.focus();
    return false;
  }
}
