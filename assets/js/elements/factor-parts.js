/** What is shown while two-step login is set up: the secret, and the recovery codes. */
import { h, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { copyText } from "./server-question.js";

/** @typedef {{secret: string, url: string, qrCode: string}} SetUp */

/** @param {string} name @param {string} label @param {() => unknown} onclick */
export function action(name, label, onclick) {
  return h("button", { class: `button ${name}`, type: "button", onclick }, t(label));
}

/** The secret, as a QR code and to be typed. @param {SetUp} made */
export function secretOf({ secret, url, qrCode }) {
  const groups = secret.match(/.{1,4}/g) ?? [];
  const picture = `data:image/svg+xml,${encodeURIComponent(qrCode)}`;
  return [
    h("p", null, t("factor.scan")),
    h("a", { class: "qr", href: url }, h("img", { src: picture, alt: t("factor.qr") })),
    h(
      "p",
      null,
      t("factor.key"),
      h("code", { class: "secret key", translate: "no" }, groups.join(" ")),
    ),
  ];
}

/** Recovery codes, with buttons that copy and save them. @param {string[]} codes @param {string} userId */
export function recoveryOf(codes, userId) {
  const text = codes.join("\n");
  const said = h("span", { class: "visually-hidden", role: "status" });
  const list = h(
    "ul",
    { class: "recovery", translate: "no" },
    codes.map((code) => h("li", null, code)),
  );
  const copy = action("copy", "absent.copy", async () => {
    await copyText(text, list);
    for (const place of [copy, said]) setText(place, t("absent.copied"));
  });
  const save = h(
    "a",
    {
      class: "button save",
      download: `${t("factor.recovery")} ${location.hostname} ${userId}.txt`,
      href: `data:text/plain;charset=utf-8,${encodeURIComponent(`${text}\n`)}`,
    },
    t("factor.download"),
  );
  const content = [
    h("p", null, t("factor.recoveryText")),
    list,
    h("div", { class: "wrap" }, copy, save),
    said,
  ];
  return { content, copy };
}
