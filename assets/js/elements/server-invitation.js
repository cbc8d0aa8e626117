/** The dialog that creates an invitation, and shows its link and QR code this one time. */
import { ApiError } from "../lib/errors.js";
import { field, openDialog } from "../lib/dialog.js";
import { fill, h, setText } from "../lib/dom.js";
import { count, lang, locale, t } from "../lib/i18n.js";
import { stamp } from "../lib/time.js";
import { showSecret } from "./server-question.js";
import { roomsChoice } from "./server-rooms-choice.js";
import { choice } from "./token-choice.js";

/** @import {Data} from "./server-page.js" */

/** Accounts that can be created, "0" for any number. */
const USES = ["1", "5", "10", "25", "100", "0"];
/** Days that an invitation lives. */
const LIVES = ["7", "1", "30", "365"];
const KINDS = ["member", "guest"];
const DAY_S = 86_400;

/** @param {Data|undefined} data @param {() => unknown} created */
export async function createInvitation(data, created) {
  const host = await data?.host();
  if (!host) return;
  const rooms = await roomsChoice(data, t("server.inviteRooms"));
  const uses = choice("invite-uses", USES, (value) =>
    value === "0" ? t("server.usesUnlimited") : count(Number(value)),
  );
  const life = choice("invite-life", LIVES, (value) => t("server.days", { n: Number(value) }));
  const kind = choice("invite-kind", KINDS, (value) =>
    t(value === "guest" ? "server.guest" : "role.member"),
  );
  const mail = h("textarea", { class: "input", id: "invite-mail", rows: 2, spellcheck: "false" });
  const dialog = openDialog({
    host,
    title: t("server.addInvitation"),
    action: t("server.linkCreate"),
    content: [
      h("p", null, t("server.invitationsHint")),
      rooms.element,
      field(t("server.inviteAs"), kind, t("server.inviteGuestHint")),
      field(t("server.uses"), uses),
      field(t("server.expires"), life),
      data?.facts().mail && field(t("server.inviteMail"), mail, t("server.inviteMailHint")),
    ],
    submit: async () => {
      const guest = kind.value === "guest";
      if (guest && rooms.chosen().length === 0) throw new Error(t("server.inviteGuestRooms"));
      const addresses = mail.value.split(/[\s,;]+/u).filter(Boolean);
      const all = await send(data, {
        rooms: rooms.chosen(),
        guest,
        uses: Number(uses.value),
        expires_seconds: Number(life.value) * DAY_S,
        // People reach the server as this page did, which the server need not know.
        page: location.origin + location.pathname,
        ...(addresses.length > 0 && { mail: addresses, language: lang() }),
      });
      created();
      if (addresses.length > 0) return showMailed(dialog, all);
      const [made] = all;
      const hint = t("server.inviteOnce", { time: stamp(made.expires, locale()) });
      const label = t("server.inviteLink");
      showSecret(dialog, { id: "invite-link", label, value: made.url, hint });
      if (made.qr) dialog.form.querySelector(".content")?.append(picture(made.qr));
      return false;
    },
  });
  uses.focus();
}

// Internal

/** @param {Data|undefined} data @param {object} invitation @returns {Promise<any[]>} */
async function send(data, invitation) {
  try {
    return (await data?.command({ "invite.create": invitation })) ?? [];
  } catch (error) {
    if (error instanceof ApiError && error.code === "conflict")
      throw new Error(t("server.inviteClosed"), { cause: error });
    throw error;
  }
}

/**
 * Shows whose letters were sent, with the links, which are not shown again.
 * @param {{form: HTMLElement, go: HTMLElement}} dialog
 * @param {{mailed_to: string, url: string, problem?: string}[]} made
 */
function showMailed({ form, go }, made) {
  setText(/** @type {Element} */ (form.querySelector("h2")), t("server.inviteLinks"));
  fill(
    /** @type {Element} */ (form.querySelector(".content")),
    h(
      "ul",
      { class: "mailed" },
      made.map(({ mailed_to: address, url, problem }) =>
        h(
          "li",
          { "data-mailed": address },
          h("b", null, address),
          h(
            "p",
            { class: problem ? "error" : "meta" },
            problem ? t("server.inviteUnsent", { why: problem }) : t("server.inviteSent"),
          ),
          h("input", {
            class: "input secret",
            type: "text",
            readonly: true,
            value: url,
            "aria-label": t("server.inviteLink"),
          }),
        ),
      ),
    ),
  );
  go.remove();
  fill(/** @type {Element} */ (form.querySelector(".foot .button")), t("action.close"));
  return false;
}

/** @param {string} svg */
function picture(svg) {
  const src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  return h("img", { class: "qr", src, alt: t("server.inviteCode") });
}
