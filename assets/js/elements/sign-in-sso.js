/**
 * The button for signing in through the provider of the server, and why that failed: the server
 * sends browsers back with a code in the address.
 */
import { fill, h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { icon } from "../lib/icons.js";
import { View } from "../lib/view.js";

/** @typedef {{label: string, alone: boolean}} Data alone: nobody signs in with a password */

/** Why somebody was sent back. @type {Record<string, string>} */
const REASONS = {
  denied: "sso.denied",
  disabled: "sso.disabled",
  email: "sso.email",
  expired: "sso.expired",
  limited: "sso.limited",
  name: "sso.name",
  refused: "sso.refused",
  taken: "sso.taken",
  unavailable: "sso.unavailable",
  unknown: "sso.unknown",
};

/** @extends {View<Data>} */
export class SignInSso extends View {
  #notice = h("p", { class: "notice", role: "alert", hidden: true });
  #or = h("p", { class: "or" });
  #go = h("a", { class: "button large" });

  // Lifecycle

  build() {
    this.append(this.#notice, this.#go, this.#or);
    this.#go.addEventListener("click", () => {
      this.#go.href = `api/oidc/login${wanted()}`;
    });
  }

  /** @param {Data} data */
  update({ label, alone }) {
    fill(this.#go, label || t("sso.signIn"));
    this.#go.href = "api/oidc/login";
    this.#go.classList.toggle("primary", alone);
    fill(this.#or, t("sso.or")).hidden = alone;
    const [, code] = /^#\/?sign-in\/([a-z]+)$/.exec(location.hash) ?? [];
    this.#notice.hidden = !code;
    if (!code) return;
    const why = t(REASONS[code] ?? "sso.failed");
    fill(this.#notice, icon("warning", "small"), h("span", null, why));
  }
}

/** The room or page that was asked for, to come back to. */
function wanted() {
  const [, to] = /^#\/?([a-z]+\d*(\/[a-z]+\d*)*)$/.exec(location.hash) ?? [];
  return to && !to.startsWith("sign-in") ? `?to=${encodeURIComponent(to)}` : "";
}

customElements.define("sign-in-sso", SignInSso);
