/** The files and links in messages. Pure. */
import { linkAt } from "../lib/text.js";

/** @import {Media, Message} from "../types.js" */

/** @typedef {{message: Message, media?: Media, link?: string}} Find a file, or a link */

/**
 * @param {Message} message
 * @returns {Find[]} its files, then its links, each once
 */
export function findsOf(message) {
  if (message.deletedAt) return [];
  const text = message.content ?? "";
  const starts = [...text.matchAll(/https?:\/\//giu)].map((match) => match.index);
  const links = starts.map((at) => linkAt(text, at)?.href).filter((href) => href !== undefined);
  return [
    ...(message.media ?? []).map((media) => ({ message, media })),
    ...[...new Set(links)].map((link) => ({ message, link })),
  ];
}
