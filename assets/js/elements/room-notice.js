/**
 * What stands in place of the composer in rooms in which I cannot write. Emits `room-change`.
 */
import { emit, fill, h, set } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { icon } from "../lib/icons.js";

export function roomNotice() {
  const element = h("div", { class: "cannot-write wrap", hidden: true });
  let shown = "";
  const restore = () => emit(element, "room-change", { archived: false });

  /** @param {{archived?: boolean, mayRestore: boolean}|null} why null: I can write */
  function show(why) {
    set(element, { hidden: !why });
    const key = JSON.stringify([why?.archived, why?.mayRestore]);
    if (!why || key === shown) return;
    shown = key;
    fill(
      element,
      h(
        "p",
        null,
        icon(why.archived ? "archive" : "say", "small"),
        t(why.archived ? "composer.archived" : "composer.readOnly"),
      ),
      why.archived &&
        why.mayRestore &&
        h(
          "button",
          { class: "button restore", type: "button", onclick: restore },
          t("composer.restore"),
        ),
    );
  }

  return { element, show };
}
