/** The invitations of the server: who made them, how often they can still be used, until when. */
import { h } from "../lib/dom.js";
import { count, t } from "../lib/i18n.js";
import { stamp } from "../lib/time.js";
import { creator, timeOf } from "./server-column.js";
import { createInvitation } from "./server-invitation.js";
import { ask } from "./server-question.js";
import { ServerTable } from "./server-table.js";

/**
 * @typedef {{id: number, made_by: string, rooms: string[], guest: boolean, uses: number|null,
 *   used: number, created: string, expires: string, state: string, mailed_to?: string}} Invitation
 */

/** @extends {ServerTable<Invitation>} */
export class ServerInvitations extends ServerTable {
  /** Names of rooms by their keys. @type {Map<string, string>} */
  #titles = new Map();

  constructor() {
    super({
      label: t("server.invitations"),
      find: t("server.findInvitation"),
      columns: [
        {
          name: "maker",
          label: t("server.madeBy"),
          order: (invitation) => invitation.made_by,
          cell: (invitation) => invitation.made_by,
        },
        {
          name: "rooms",
          label: t("server.rooms"),
          order: (invitation) => this.#roomsOf(invitation),
          cell: (invitation) => [
            this.#roomsOf(invitation) || "–",
            invitation.guest && h("span", { class: "tag" }, t("server.guest")),
          ],
        },
        {
          name: "mailed",
          label: t("server.inviteMailedTo"),
          order: ({ mailed_to: address }) => address ?? "",
          cell: ({ mailed_to: address }) => address ?? "–",
        },
        {
          name: "left",
          label: t("server.usesLeft"),
          order: ({ uses, used }) => (uses === null ? Infinity : uses - used),
          cell: ({ uses, used }) =>
            uses === null ? t("server.usesUnlimited") : `${count(uses - used)} / ${count(uses)}`,
        },
        {
          name: "expires",
          label: t("server.expires"),
          order: (invitation) => invitation.expires,
          cell: (invitation) => timeOf(invitation.expires, stamp),
        },
        {
          name: "state",
          label: t("server.state"),
          order: (invitation) => invitation.state,
          cell: ({ state }) =>
            h(
              "span",
              { class: state === "valid" ? "tag" : "tag danger" },
              t(`server.invitation-${state}`),
            ),
        },
      ],
    });
    const does = () => createInvitation(this.data, () => this.load());
    const label = t("server.addInvitation");
    this.tools.append(creator(this, { name: "add-invitation", label, does }));
  }

  async fetch() {
    const { data } = this;
    if (!data) return [];
    const [all, rooms] = await Promise.all([
      data.command({ "invite.list": {} }),
      data.command({ "room.list": {} }),
    ]);
    this.#titles = new Map(rooms.filter(({ name }) => name).map(({ room, name }) => [room, name]));
    return /** @type {Invitation[]} */ (all);
  }

  /** @param {Invitation} invitation */
  keyOf({ id }) {
    return String(id);
  }

  /** @param {Invitation} invitation */
  nameOf({ id }) {
    return String(id);
  }

  /** @param {Invitation} invitation */
  textOf(invitation) {
    return `${invitation.made_by} ${this.#roomsOf(invitation)} ${invitation.mailed_to ?? ""}`;
  }

  /** @param {Invitation} invitation */
  marks({ id, state }) {
    return { "data-invitation": id, "data-disabled": state !== "valid" };
  }

  /** @param {Invitation} invitation */
  menuOf({ id }) {
    const texts = {
      title: t("server.revokeInvitationTitle"),
      text: t("server.revokeInvitationText"),
      action: t("server.revoke"),
    };
    const revoke = async () => {
      await this.data?.command({ "invite.revoke": { id, if_exists: true } });
      await this.load();
    };
    return [
      {
        name: "revoke-invitation",
        label: t("server.revoke"),
        danger: true,
        does: () => ask(this.data, texts, revoke),
      },
    ];
  }

  empty() {
    return t("server.noInvitations");
  }

  // Internal

  /** @param {Invitation} invitation */
  #roomsOf({ rooms }) {
    return rooms.map((room) => this.#titles.get(room) ?? room).join(", ");
  }
}

customElements.define("server-invitations", ServerInvitations);
