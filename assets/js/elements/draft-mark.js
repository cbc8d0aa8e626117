/** The mark of a thread in which an answer was begun. */
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { icon } from "../lib/icons.js";

export function draftMark() {
  const label = t("rooms.draft");
  const props = { class: "meta draft", role: "img", "aria-label": label, title: label };
  return h("span", props, icon("edit", "small"));
}
