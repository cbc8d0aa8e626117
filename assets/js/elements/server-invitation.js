/** The dialog that creates an invitation, and shows its link and QR code this one time. */
import { ApiError } from "../lib/errors.js";
import { field, openDialog } from "../lib/dialog.js";
import { h } from "../lib/dom.js";
import { count, locale, t } from "../lib/i18n.js";
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
    ],
    submit: async () => {
      const guest = kind.value === "guest";
      if (guest && rooms.chosen().length === 0) throw new Error(t("server.inviteGuestRooms"));
      const [made] = await send(data, {
        rooms: rooms.chosen(),
        guest,
        uses: Number(uses.value),
        expires_seconds: Number(life.value) * DAY_S,
        // People reach the server as this page did, which the server need not know.
        page: location.origin + location.pathname,
      });
      created();
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

/** @param {string} svg */
function picture(svg) {
  const src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  return h("img", { class: "qr", src, alt: t("server.inviteCode") });
}
