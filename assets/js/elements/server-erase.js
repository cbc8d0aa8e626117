/** Erasing a person: what goes is shown, and the login name must be entered. */
import { field, openDialog, setError } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { factList } from "./server-question.js";

/** @import {Data} from "./server-page.js" */
/** @import {Account} from "./server-users.js" */

/**
 * @param {Data|undefined} data
 * @param {Account} account
 * @param {() => void} erased
 */
export async function eraseAccount(data, { name, display_name: shown }, erased) {
  const [going] = (await data?.command({ "user.erase": { name, dry_run: true } })) ?? [];
  const host = await data?.host();
  if (!host) return;
  const input = h("input", {
    class: "input",
    id: "erased-name",
    type: "text",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    dir: "auto",
  });
  openDialog({
    host,
    title: t("server.eraseTitle", { name: shown }),
    action: t("server.eraseAction"),
    danger: true,
    content: [
      h("p", null, t("server.eraseText", { name: shown })),
      factList(goes(going)),
      field(t("server.eraseType", { name }), input),
    ],
    submit: async () => {
      const isRight = input.value.trim().toLowerCase() === name.toLowerCase();
      setError(input, isRight ? "" : t("server.eraseWrong"));
      if (!isRight) {
        input.focus();
        return false;
      }
      await data?.command({ "user.erase": { name } });
      erased();
    },
  });
  input.focus();
}

// Internal

/** @param {Record<string, number>} going @returns {[string, number][]} */
function goes(going) {
  return [
    [t("server.goingErased"), going.messages_erased],
    [t("server.goingReactions"), going.reactions_erased],
    [t("server.goingFiles"), going.files_erased],
    [t("server.goingRooms"), going.rooms_left],
    [t("server.goingOwnRooms"), going.rooms_deleted],
    [t("server.goingSessions"), going.sessions_ended],
    [t("server.goingTokens"), going.tokens_ended],
  ];
}
