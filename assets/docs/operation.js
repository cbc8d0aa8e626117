/** One route: parameters, body, responses, frames. */
import { h } from "../js/lib/dom.js";
import { kind, limits } from "./schema.js";
import { inline, paragraph } from "./text.js";

/** @typedef {import("./schema.js").Schemas} Schemas */

/** The parts of the page that belong to one route. Its inside is made when it is first opened. */
export class Operation {
  /**
   * @param {string} method
   * @param {string} path
   * @param {Record<string, any>} said
   * @param {Schemas} schemas
   * @param {Record<string, any>} carriers
   */
  constructor(method, path, said, schemas, carriers) {
    this.said = said;
    this.id = said.operationId;
    this.schemas = schemas;
    this.carriers = carriers;
    const word = said["x-frames"] ? "socket" : method;
    const summary = h(
      "summary",
      null,
      h("span", { class: `method ${word}` }, word),
      h("code", null, path),
      h("span", { class: "about" }, said.summary),
    );
    this.element = h("details", { class: "operation", id: this.id }, summary);
    this.element.addEventListener("toggle", () => {
      if (this.element.open && this.element.childElementCount === 1)
        this.element.append(this.#inside());
    });
  }

  #inside() {
    const { said } = this;
    return h(
      "div",
      { class: "inside" },
      paragraph(said.description),
      this.#carried(),
      this.#parameters(said.parameters ?? []),
      this.#body(said.requestBody),
      this.#frames(said["x-frames"]),
      h("h3", null, "Answers"),
      ...Object.entries(said.responses).map(([status, answer]) => this.#answer(status, answer)),
    );
  }

  #carried() {
    const ways = (this.said.security ?? []).flatMap((/** @type {any} */ way) => Object.keys(way));
    const optional = (this.said.security ?? []).some(
      (/** @type {any} */ way) => Object.keys(way).length === 0,
    );
    if (ways.length === 0) return h("p", { class: "meta" }, "No session is needed.");
    const spelled = ways.map((/** @type {string} */ name) => {
      const scheme = this.carriers[name] ?? {};
      return scheme.type === "http" ? "Authorization: Bearer" : `${scheme.in} ${scheme.name}`;
    });
    const [first, ...others] = spelled;
    return h(
      "p",
      { class: "meta" },
      optional ? "A session is looked at, and not needed: " : "Needs a session: ",
      h("code", null, first),
      `; taken as well: ${others.join(", ")}`,
    );
  }

  /** @param {any[]} parameters */
  #parameters(parameters) {
    if (parameters.length === 0) return null;
    return h(
      "section",
      null,
      h("h3", null, "Parameters"),
      h(
        "dl",
        { class: "fields" },
        ...parameters.flatMap((one) => [
          h(
            "dt",
            null,
            h("code", null, one.name),
            h("span", { class: "meta" }, ` ${one.in}${one.required ? "" : ", optional"}`),
          ),
          h(
            "dd",
            null,
            h(
              "p",
              null,
              h("span", { class: "kind" }, kind(one.schema)),
              h("span", { class: "meta" }, ` ${limits(one.schema)}`),
            ),
            h("p", { class: "meta" }, ...inline(one.description ?? "")),
          ),
        ]),
      ),
    );
  }

  /** @param {any} body */
  #body(body) {
    if (!body) return null;
    const shapes = Object.entries(body.content).flatMap(([type, content]) => [
      h("p", { class: "meta" }, type),
      this.schemas.show(content.schema ?? {}),
    ]);
    return h(
      "section",
      null,
      h("h3", null, body.required ? "Body" : "Body, may be left out"),
      ...shapes,
    );
  }

  /** @param {any} frames */
  #frames(frames) {
    if (!frames) return null;
    const list = (/** @type {string} */ title, /** @type {any[]} */ side) => [
      h("h3", null, title),
      ...side.map((frame) => this.schemas.show(frame, false)),
    ];
    return h(
      "section",
      { class: "frames" },
      ...list("Frames of the client", frames.client),
      ...list("Frames of the server", frames.server),
    );
  }

  /**
   * @param {string} status
   * @param {any} answer
   */
  #answer(status, answer) {
    const box = h(
      "details",
      { class: `answer s${status[0]}`, open: status < "400" },
      h("summary", null, h("b", null, status), " ", ...inline(answer.description)),
    );
    for (const [name, header] of Object.entries(answer.headers ?? {}))
      box.append(
        h("p", { class: "meta" }, h("code", null, name), ": ", ...inline(header.description ?? "")),
      );
    for (const [type, content] of Object.entries(answer.content ?? {})) {
      if (type !== "application/json") box.append(h("p", { class: "meta" }, type));
      const samples = Object.values(content.examples ?? {});
      for (const sample of samples) box.append(h("pre", null, JSON.stringify(sample.value)));
      if (content.schema && Object.keys(content.schema).length > 0)
        box.append(this.schemas.show(content.schema, samples.length === 0));
    }
    return box;
  }
}
