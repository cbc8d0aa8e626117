/** The sessions of an account, in a dialog: each can be ended. */
import { openDialog } from "../lib/dialog.js";
import { deviceOf } from "../lib/device.js";
import { fill, h } from "../lib/dom.js";
import { errorText } from "../lib/errors.js";
import { icon } from "../lib/icons.js";
import { locale, t } from "../lib/i18n.js";
import { date, exact, short } from "../lib/time.js";

/** @import {Data} from "./server-page.js" */
/** @import {Account} from "./server-users.js" */
/**
 * @typedef {{id: number, device: string, address: string|null, created: string,
 *   last_seen: string}} Session
 */

/** @param {Data|undefined} data @param {Account} account */
export async function showSessions(data, { name, display_name: shown }) {
  const host = await data?.host();
  if (!host) return;
  const list = h("ul", { class: "sessions frame", hidden: true });
  const note = h("p", { class: "meta", role: "status" });
  const load = async () => {
    /** @type {Session[]} */
    const all = (await data?.command({ "user.sessions": { name } })) ?? [];
    fill(
      list,
      all.map((session) => row(session, () => end(session.id))),
    ).hidden = all.length === 0;
    fill(note, all.length === 0 && t("server.noSessions"));
  };
  const end = async (/** @type {number} */ session) => {
    try {
      await data?.command({ "user.logout": { name, session } });
    } catch (error) {
      // Ended in the meantime: the list says so.
      fill(note, errorText(error));
    }
    await load();
  };
  await load();
  openDialog({
    host,
    title: t("server.sessionsOf", { name: shown }),
    action: "",
    content: [list, note],
    submit: () => {},
  });
}

// Internal

/** @param {Session} session @param {() => Promise<void>} end */
function row({ id, device, address, created, last_seen: seen }, end) {
  const { browser, system, kind } = deviceOf(device);
  const on =
    browser && system ? t("session.device", { browser, system }) : browser || t("session.unknown");
  const since = date(created, locale());
  const facts = t("session.seen", { time: short(seen, locale()), date: since });
  const button = h(
    "button",
    {
      class: "button quiet end",
      type: "button",
      "aria-label": t("session.endOf", { device: on }),
      onclick: () => {
        button.setAttribute("aria-busy", "true");
        return end();
      },
    },
    t("profile.signOut"),
  );
  return h(
    "li",
    { class: "media", "data-session": id },
    h("span", { class: "tile" }, icon(kind)),
    h(
      "span",
      null,
      h("span", { title: device }, on),
      h("small", { title: exact(seen, locale()) }, address ? `${facts} · ${address}` : facts),
    ),
    button,
  );
}
