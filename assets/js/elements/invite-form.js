/**
 * Creates an account with an invitation: says who invites to which server and rooms, as what, until
 * when, and in plain words what is wrong with an invitation that has ended. Whoever is signed in joins
 * the rooms instead.
 */
import { setError, field } from "../lib/dialog.js";
import { fill, h } from "../lib/dom.js";
import { ApiError } from "../lib/errors.js";
import { locale, t } from "../lib/i18n.js";
import { passwordHint, tooShort, withEye } from "../lib/password.js";
import { langOf } from "../lib/text.js";
import { stamp } from "../lib/time.js";
import { LinkForm, signIn } from "./link-form.js";
import { tooLong, wrongUserName } from "./user-name.js";

/** @import {Data} from "./link-form.js" */
/**
 * @typedef {{valid: boolean, reason?: string, expires: string, server?: string,
 *   invitedBy?: string, rooms: string[], guest?: boolean}} Offer
 */

const LONGEST_PASSWORD = 256;

export class InviteForm extends LinkForm {
  path = "api/invitations";
  #user = h("input", {
    class: "input",
    id: "user",
    type: "text",
    autocomplete: "username",
    autocapitalize: "none",
    spellcheck: "false",
  });
  #name = h("input", { class: "input", id: "name", type: "text", autocomplete: "name" });
  #password = h("input", {
    class: "input",
    id: "password",
    type: "password",
    autocomplete: "new-password",
  });

  get heading() {
    return t("invite.title");
  }

  get refused() {
    return t("invite.unknown");
  }

  // Actions

  /** @param {Offer} offer */
  ask({ valid, reason, expires, server, invitedBy, rooms, guest }) {
    const me = this.data?.chat.store.state.me;
    if (!valid) this.refusal(t(reason === "closed" ? "login.closed" : `invite.${reason}`));
    else if (me) this.#alreadyIn(me.name, rooms);
    else {
      const where = server || location.host;
      const invited = invitedBy
        ? t("invite.by", { name: invitedBy, server: where })
        : t("invite.to", { server: where });
      fill(this.go, t("login.create"));
      fill(
        this.card,
        h(
          "form",
          { novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
          h("h2", null, invited),
          offer(t("invite.rooms"), rooms),
          guest && h("p", { class: "notice info as-guest" }, t("invite.guest")),
          this.notice,
          field(t("login.user"), this.#user),
          field(t("login.name"), this.#name, t("login.nameHint")),
          field(t("login.password"), this.#password, passwordHint(), withEye(this.#password)),
          this.go,
          h("p", { class: "meta" }, t("invite.until", { time: stamp(expires, locale()) })),
        ),
        h("a", { class: "button", href: "#/sign-in" }, t("invite.haveAccount")),
      );
      this.#user.focus();
    }
  }

  /** @param {unknown} error */
  failed(error) {
    const { field: name = "", code = "" } = error instanceof ApiError ? error : {};
    // It may have been used or revoked meanwhile: the server says what is wrong with it now.
    if (name === "invitation" || code === "forbidden") return void this.check();
    const taken = code === "already_exists";
    const place = taken
      ? this.#user
      : { userId: this.#user, name: this.#name, password: this.#password }[name];
    if (!place) return super.failed(error);
    setError(place, taken ? t("login.taken") : /** @type {Error} */ (error).message);
    place.focus();
  }

  // Internal

  /** @param {string} name @param {string[]} rooms */
  #alreadyIn(name, rooms) {
    const joins = rooms.length > 0;
    fill(this.go, t("invite.join"));
    this.go.onclick = joins ? () => this.#join() : null;
    fill(
      this.card,
      offer(t("invite.joins", { name }), rooms),
      this.notice,
      joins && this.go,
      h("p", { class: joins ? "meta" : null }, t("invite.signedIn", { name })),
      h(
        "a",
        { class: joins ? "button large" : "button primary large", href: "#/rooms" },
        t("invite.open"),
      ),
    );
  }

  #join() {
    this.run(async () => {
      const { chat } = /** @type {Data} */ (this.data);
      await chat.client.ask("POST", "api/invitations/accept", { token: this.token });
      location.hash = "#/rooms";
    });
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const [user, name, password] = [this.#user, this.#name, this.#password];
    const userId = user.value.trim();
    setError(user, wrongUserName(userId));
    setError(name, tooLong(name.value.trim()));
    setError(password, tooShort(password.value) || tooLong(password.value, LONGEST_PASSWORD));
    const wrong = [user, name, password].find((input) => input.getAttribute("aria-invalid"));
    if (wrong) return wrong.focus();
    this.run(async () => {
      const { chat } = /** @type {Data} */ (this.data);
      await chat.client.ask("POST", "api/users", {
        userId,
        password: password.value,
        name: name.value.trim() || undefined,
        invitation: this.token,
      });
      await signIn(this, chat, userId, password.value);
    });
  }
}

/** The rooms that one joins. @param {string} text @param {string[]} rooms */
function offer(text, rooms) {
  if (rooms.length === 0) return false;
  const items = rooms.map((room) => h("li", { lang: langOf(room) || null }, room));
  return h("div", { class: "offer" }, h("p", null, text), h("ul", null, items));
}

customElements.define("invite-form", InviteForm);
