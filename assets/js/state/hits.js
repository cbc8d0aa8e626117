/** What a search has found so far, and how it is shown: newest first, by day. Pure. */
import { dayKey } from "../lib/time.js";

/** @import {Hit} from "../types-own.js" */

/**
 * @typedef {object} Found
 * @property {string} query
 * @property {string|undefined} within
 * @property {Hit[]} hits newest first
 * @property {string} [cursor] there is more
 */

/**
 * Adds a page. A message that was found already is not shown twice.
 * @param {Found} found
 * @param {{messages: Hit[], cursor?: string}} page
 * @returns {Found}
 */
export function withPage(found, { messages, cursor }) {
  const known = new Set(found.hits.map((hit) => hit.messageId));
  return {
    ...found,
    hits: [...found.hits, ...messages.filter((hit) => !known.has(hit.messageId))],
    cursor,
  };
}

/**
 * @param {Hit[]} hits
 * @returns {{key: string, at: string, hits: Hit[]}[]}
 */
export function byDay(hits) {
  /** @type {{key: string, at: string, hits: Hit[]}[]} */
  const days = [];
  for (const hit of hits) {
    const key = dayKey(hit.createdAt);
    if (days.at(-1)?.key === key) days.at(-1)?.hits.push(hit);
    else days.push({ key, at: hit.createdAt, hits: [hit] });
  }
  return days;
}
