/** The dialog that creates an outgoing webhook. */
import { field, openDialog, setError } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { ApiError } from "../lib/errors.js";
import { t } from "../lib/i18n.js";
import { checkName, isWrong, plain, refusedAt } from "./server-integration.js";
import { showSecret } from "./server-question.js";
import { choice } from "./token-choice.js";

/** @import {Data} from "./server-page.js" */

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
  const rooms = /** @type {import("./server-rooms.js").Room[]} */ (
    (await data?.command({ "room.list": {} })) ?? []
  ).filter(({ mode, name: title }) => mode !== "archived" && title);
  const room = choice(
    "outgoing-room",
    rooms.map((one) => one.room),
    (key) => rooms.find((one) => one.room === key)?.name ?? key,
  );
  const create = async () => {
    const webhook = { name: name.value.trim(), url: url.value.trim(), rooms: [room.value] };
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
      field(t("room.group"), room),
    ],
    submit: async () => {
      checkName(name);
      setError(url, isWebAddress(url.value.trim()) ? "" : t("server.outgoingUrlWrong"));
      if (isWrong(name, url)) return false;
      return refusedAt(name, () => acceptedAt(url, create));
    },
  });
  name.focus();
}

// Internal

/** @param {string} text */
function isWebAddress(text) {
  return URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);
}

/**
 * What the server refuses about an address stands beside it.
 * @param {HTMLInputElement} input
 * @param {() => Promise<unknown>} create
 */
async function acceptedAt(input, create) {
  try {
    return await create();
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "usage") throw error;
    setError(input, t("server.outgoingUrlRefused"));
    input.focus();
    return false;
  }
}
