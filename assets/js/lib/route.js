/** The part of the address after #. Pure. */

/** @import {Route} from "../types.js" */

/**
 * @param {string} hash
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [, page, token] = /^#(setup|reset|invite)=(.*)/.exec(hash) ?? [];
  if (page) return { page: /** @type {"setup"} */ (page), token: decodeURIComponent(token) };
  if (/^#\/?search(\?|$)/.test(hash)) {
    const asked = new URLSearchParams(hash.split("?")[1] ?? "");
    const within = asked.get("in") ?? "";
    return {
      page: "search",
      query: asked.get("q") ?? "",
      ...(/^room\d+$/.test(within) && { within }),
    };
  }
  const [first = "", second = "", third] = hash.replace(/^#\/?/, "").split("/");
  if (/^room\d+$/.test(first)) {
    if (second === "details") return { page: "room", roomId: first, details: true };
    if (!/^msg\d+$/.test(second)) return { page: "room", roomId: first };
    const name = third === "thread" ? third : "messageId";
    return { page: "room", roomId: first, [name]: second };
  }
  if (first === "server") return second ? { page: first, tab: second } : { page: first };
  if (
    first === "directory" ||
    first === "profile" ||
    first === "saved" ||
    first === "threads" ||
    first === "sign-in" ||
    first === "register" ||
    first === "forgot"
  )
    return { page: first };
  return { page: "rooms" };
}

/**
 * What a one-column layout shows.
 * @param {Route} route
 * @returns {"rooms"|"room"|"details"|"page"}
 */
export function viewOf(route) {
  if (route.page === "room") return route.details || route.thread ? "details" : "room";
  return ["directory", "profile", "saved", "threads", "server", "search"].includes(route.page)
    ? "page"
    : "rooms";
}

/**
 * Where the hits of a search are shown.
 * @param {string} query
 * @param {string} [within] a room, "" for all of them
 */
export function searchHash(query, within = "") {
  return `#/search?${new URLSearchParams({ ...(query && { q: query }), ...(within && { in: within }) })}`;
}
