/** The API reference: loads the OpenAPI description of this server and shows it by dialect. */
import { fill, h, setText } from "../js/lib/dom.js";
import { Operation } from "./operation.js";
import { Schemas } from "./schema.js";
import { paragraph, words } from "./text.js";

const main = /** @type {HTMLElement} */ (document.querySelector("main"));
const search = /** @type {HTMLInputElement} */ (document.querySelector("#search"));
const found = /** @type {HTMLElement} */ (document.querySelector("#found"));

/** @typedef {{operation: Operation, text: string}} Entry */
/** @typedef {{element: HTMLElement, link: HTMLElement, entries: Entry[]}} Dialect */

/**
 * What can be searched for in a route: its own words and those of the schemas that it refers to.
 * @param {string} start
 * @param {Record<string, any>} said
 * @param {Record<string, any>} schemas
 */
function searchable(start, said, schemas) {
  const text = [start, words(said)];
  for (const [, name] of text[1].matchAll(/#\/components\/schemas\/([\w.]+)/g))
    text.push(words(schemas[name]));
  return text.join(" ").toLowerCase();
}

/**
 * @param {any} description
 * @returns {Dialect[]}
 */
function show(description) {
  const { schemas, securitySchemes } = description.components;
  const shown = new Schemas(schemas);
  const dialects = description.tags.map((/** @type {any} */ tag) => {
    const entries = Object.entries(description.paths).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([, said]) => said.tags.includes(tag.name))
        .map(([method, said]) => ({
          operation: new Operation(method, path, said, shown, securitySchemes),
          text: searchable(`${method} ${path}`, said, schemas),
        })),
    );
    const element = h(
      "section",
      { class: "dialect", id: tag.name },
      h("h2", null, tag.name),
      paragraph(tag.description),
      ...entries.map(({ operation }) => operation.element),
    );
    return { element, link: h("a", { href: `#${tag.name}` }, tag.name), entries };
  });
  fill(
    /** @type {Element} */ (document.querySelector("nav")),
    ...dialects.map((/** @type {Dialect} */ dialect) => dialect.link),
  );
  fill(
    main,
    h("p", { class: "meta" }, `${description.info.title} ${description.info.version}`),
    paragraph(description.info.description),
    ...dialects.map((/** @type {Dialect} */ dialect) => dialect.element),
  );
  main.removeAttribute("aria-busy");
  return dialects;
}

/** @param {Dialect[]} dialects */
function narrow(dialects) {
  const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { element, link, entries } of dialects) {
    let here = 0;
    for (const { operation, text } of entries) {
      const fits = wanted.every((word) => text.includes(word));
      operation.element.hidden = !fits;
      here += Number(fits);
    }
    element.hidden = here === 0;
    link.hidden = here === 0;
    count += here;
  }
  setText(found, wanted.length ? `${count} routes` : "");
}

/** Opens the route that the address names. */
function follow() {
  const element = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (element instanceof HTMLDetailsElement) element.open = true;
  element?.scrollIntoView();
}

try {
  const answer = await fetch("api/openapi.json");
  if (!answer.ok) throw new Error(String(answer.status));
  const dialects = show(await answer.json());
  search.addEventListener("input", () => narrow(dialects));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      narrow(dialects);
    }
  });
  addEventListener("hashchange", follow);
  follow();
} catch (error) {
  fill(
    main,
    h(
      "p",
      { role: "alert" },
      `The description could not be fetched (${error instanceof Error ? error.message : error}).`,
    ),
  );
  main.removeAttribute("aria-busy");
}
