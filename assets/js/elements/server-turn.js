/** The pages of a table on the server page: which rows are shown, and a button each way. */
import { h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";
import "../lib/more-icons.js";

/**
 * @param {{page: number, last: number, size: number, n: number,
 *   turn: (by: number) => void}} table pages count from 0; size rows of a page, n rows in all
 */
export function turnParts({ page, last, size, n, turn }) {
  const button = (/** @type {"back"|"forward"} */ picture, /** @type {number} */ by) => {
    const label = t(by < 0 ? "server.previousPage" : "server.nextPage");
    return h(
      "button",
      {
        class: `icon-button ${picture}`,
        type: "button",
        "aria-label": label,
        title: label,
        disabled: by < 0 ? page === 0 : page === last,
        onclick: () => turn(by),
      },
      icon(picture),
    );
  };
  const [from, to] = [page * size + 1, Math.min(n, (page + 1) * size)];
  return [
    button("back", -1),
    h("span", { class: "num", role: "status" }, t("server.range", { from, to, all: n })),
    button("forward", 1),
  ];
}
