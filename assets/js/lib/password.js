/** What the fields for a password share. */
import { h, set } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { lengthOf } from "./text.js";

const SHORTEST = 8;

export function passwordHint() {
  return t("login.passwordHint", { n: SHORTEST });
}

/** @param {string} password a new one @returns {string} what is wrong with it */
export function tooShort(password) {
  return lengthOf(password) < SHORTEST ? passwordHint() : "";
}

/** The field with a button that shows what is typed. @param {HTMLInputElement} input */
export function withEye(input) {
  const label = t("login.show");
  const eye = h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": label,
      title: label,
      "aria-pressed": "false",
      onclick: () => {
        const shown = input.type === "text";
        input.type = shown ? "password" : "text";
        set(eye, { "aria-pressed": String(!shown) });
      },
    },
    icon("eye"),
  );
  return h("div", { class: "with-end" }, input, eye);
}
