/** A schema as a table of its fields. Referenced schemas open in place. */
import { h } from "../js/lib/dom.js";
import { inline } from "./text.js";

/** @typedef {Record<string, any>} Schema */

/** @param {string} ref */
const nameOf = (ref) => ref.split("/").at(-1) ?? ref;

/**
 * What kind of value it is, in short.
 * @param {Schema} schema
 * @returns {string}
 */
export function kind(schema) {
  if (schema.$ref) return nameOf(schema.$ref);
  if (schema.type === "array" || (Array.isArray(schema.type) && schema.type.includes("array")))
    return `list of ${kind(schema.items ?? {})}`;
  const parts = schema.oneOf ?? schema.anyOf;
  if (parts) return parts.map(kind).join(" or ");
  if (schema.allOf) return "object";
  return [schema.type ?? "anything"].flat().join(" or ");
}

/**
 * The limits of a value.
 * @param {Schema} schema
 * @returns {string}
 */
export function limits(schema) {
  const told = [];
  const range = (/** @type {string} */ what, /** @type {any} */ from, /** @type {any} */ to) => {
    if (from !== undefined && to !== undefined) told.push(`${from} to ${to}${what}`);
    else if (from !== undefined) told.push(`at least ${from}${what}`);
    else if (to !== undefined) told.push(`at most ${to}${what}`);
  };
  range(" characters", schema.minLength, schema.maxLength);
  range(" entries", schema.minItems, schema.maxItems);
  range("", schema.minimum, schema.maximum);
  if (schema.enum)
    told.push(schema.enum.map((/** @type {any} */ word) => JSON.stringify(word)).join(", "));
  if (schema.pattern) told.push(`like ${schema.pattern}`);
  if (schema.default !== undefined) told.push(`otherwise ${JSON.stringify(schema.default)}`);
  if (schema.format && !/^u?int/.test(schema.format)) told.push(schema.format);
  return told.join("; ");
}

/** Shows the schemas of one description. */
export class Schemas {
  /** @type {Record<string, Schema>} */
  #all;

  /** @param {Record<string, Schema>} all */
  constructor(all) {
    this.#all = all;
  }

  /**
   * @param {Schema} schema
   * @param {boolean} [open]
   * @returns {HTMLElement}
   */
  show(schema, open = true) {
    if (schema.$ref) return this.#named(nameOf(schema.$ref), open);
    return this.#plain(schema, open);
  }

  /**
   * @param {string} name
   * @param {boolean} open
   */
  #named(name, open) {
    const schema = this.#all[name] ?? {};
    const box = h("details", { class: "schema", open }, h("summary", null, h("code", null, name)));
    const fill = () => {
      if (box.open && box.childElementCount === 1) box.append(this.#plain(schema));
    };
    // What is closed is made when it is opened: types may refer to each other in a circle.
    box.addEventListener("toggle", fill);
    fill();
    return box;
  }

  /**
   * @param {Schema} schema
   * @param {boolean} [open] whether what a list holds is open
   * @returns {HTMLElement}
   */
  #plain(schema, open = false) {
    const said = schema.description
      ? h("p", { class: "text" }, ...inline(schema.description))
      : null;
    const inner = [];
    if (schema.properties) inner.push(this.#fields(schema));
    for (const part of schema.allOf ?? [])
      inner.push(part.$ref ? this.#plain(this.#all[nameOf(part.$ref)] ?? {}) : this.#plain(part));
    for (const part of schema.oneOf ?? schema.anyOf ?? []) inner.push(this.show(part, false));
    if (schema.items && schema.items.$ref) inner.push(this.show(schema.items, open));
    if (inner.length === 0)
      inner.push(
        h(
          "p",
          null,
          kind(schema),
          limits(schema) ? h("span", { class: "meta" }, ` ${limits(schema)}`) : null,
        ),
      );
    return h(
      "div",
      { class: "plain" },
      said,
      schema.items ? h("p", null, kind(schema)) : null,
      ...inner,
    );
  }

  /** @param {Schema} schema */
  #fields(schema) {
    const needed = new Set(schema.required ?? []);
    return h(
      "dl",
      { class: "fields" },
      ...Object.entries(schema.properties).flatMap(([name, field]) => [
        h(
          "dt",
          null,
          h("code", null, name),
          needed.has(name) ? null : h("span", { class: "meta" }, " optional"),
        ),
        h("dd", null, this.#value(field)),
      ]),
    );
  }

  /** @param {Schema} field */
  #value(field) {
    const place = [field, field.items].find((part) => part?.$ref);
    const line = h(
      "p",
      null,
      h("span", { class: "kind" }, kind(field)),
      limits(field) ? h("span", { class: "meta" }, ` ${limits(field)}`) : null,
    );
    const said = field.description ? h("p", { class: "meta" }, ...inline(field.description)) : null;
    return h("div", null, line, said, place ? this.show(place, false) : null);
  }
}
