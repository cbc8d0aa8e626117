/**
 * The messages of one room: order, duplicates, gaps and changes. Pure: every function returns a new
 * timeline. seq runs 1, 2, 3 … without holes, so a hole in what is held is exactly a page that was
 * not fetched.
 */

/** @import {Message, Patch, Range, Timeline} from "../types.js" */

/** Changes kept for messages that are not held; more than any page in flight can miss. */
const PATCHES_KEPT = 500;
const KEY_STEP = 1_000_000_000;
/** Messages that stay on each side of what is read, and at the end. */
const KEPT = 500;
/** Messages held of a room that is not open. */
const CLOSED_MOST = 1000;

/** @returns {Timeline} */
export function emptyTimeline() {
  return { messages: [], loaded: false, reset: false, patches: [], absent: [], failed: null };
}

/**
 * Where a seq is, or would be.
 * @param {Message[]} messages
 * @param {number} seq
 */
export function indexOfSeq(messages, seq) {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (messages[middle].seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * @param {Timeline|undefined} timeline
 * @param {number} seq
 * @returns {Message|undefined}
 */
export function messageAt(timeline, seq) {
  const found = timeline?.messages[indexOfSeq(timeline.messages, seq)];
  return found?.seq === seq ? found : undefined;
}

/**
 * A key is "msg" and the room's number times 10⁹ plus the seq, so nothing has to be searched
 * through.
 * @param {Timeline|undefined} timeline
 * @param {string|undefined} messageId
 * @returns {Message|undefined}
 */
export function messageById(timeline, messageId = "") {
  const found = messageAt(timeline, Number(messageId.slice(3)) % KEY_STEP);
  return found?.messageId === messageId ? found : undefined;
}

/**
 * Takes messages in any order. The version with the higher rev wins; changes that waited for a
 * message are applied to it.
 * @param {Timeline} timeline
 * @param {Message[]} added
 * @returns {Timeline}
 */
export function merge(timeline, added) {
  if (added.length === 0) return timeline;
  /** @type {Map<number, Message>} */
  const bySeq = new Map();
  const waiting = new Set(timeline.patches.map((patch) => patch.seq));
  for (const message of added) {
    const held = bySeq.get(message.seq) ?? messageAt(timeline, message.seq);
    let best = held && held.rev >= message.rev ? held : keepName(message, held);
    if (waiting.has(message.seq))
      best = timeline.patches.filter((patch) => patch.seq === message.seq).reduce(patched, best);
    bySeq.set(message.seq, best);
  }
  const fresh = [...bySeq.values()].sort((a, b) => a.seq - b.seq);
  const patches = waiting.size
    ? timeline.patches.filter((patch) => !bySeq.has(patch.seq))
    : timeline.patches;
  return { ...timeline, patches, messages: interleave(timeline.messages, fresh) };
}

/**
 * Changes one message, or keeps the change for when the message comes.
 * @param {Timeline} timeline
 * @param {Patch} patch
 * @returns {Timeline}
 */
export function applyPatch(timeline, patch) {
  const held = messageAt(timeline, patch.seq);
  if (!held) return { ...timeline, patches: [...timeline.patches, patch].slice(-PATCHES_KEPT) };
  const changed = patched(held, patch);
  return changed === held
    ? timeline
    : { ...timeline, messages: interleave(timeline.messages, [changed]) };
}

/**
 * Takes a replay: new messages at the end and new versions of held ones. A change of something
 * older than what is held must not make an island in the list, so it waits like any other change.
 * @param {Timeline} timeline
 * @param {Message[]} messages
 * @returns {Timeline}
 */
export function mergeChanges(timeline, messages) {
  const last = timeline.messages.at(-1)?.seq ?? 0;
  const taken = messages.filter(
    (message) => (last > 0 && message.seq > last) || messageAt(timeline, message.seq),
  );
  const rest = messages.filter((message) => !taken.includes(message));
  return rest.reduce(
    (result, message) =>
      applyPatch(result, { seq: message.seq, rev: message.rev, kind: "whole", message }),
    merge(timeline, taken),
  );
}

/**
 * Takes a page that covers `covered`: places in it that hold nothing will not be asked for again.
 * @param {Timeline} timeline
 * @param {Message[]} messages
 * @param {Range|null} covered
 * @returns {Timeline}
 */
export function mergePage(timeline, messages, covered) {
  const base = timeline.reset ? emptyTimeline() : timeline;
  const merged = { ...merge(base, messages), loaded: true, failed: null };
  if (!covered) return merged;
  const holes = gapsBetween(merged.messages, covered[0], covered[1]);
  return holes.length ? { ...merged, absent: [...merged.absent, ...holes] } : merged;
}

/**
 * Lets go what is far from what is read, but not the newest messages. It becomes a gap, which is
 * fetched again when somebody comes near.
 * @param {Timeline} timeline
 * @param {{low: number, high: number}} read first and last seq
 * @returns {Timeline}
 */
export function released(timeline, { low, high }) {
  const held = timeline.messages;
  const first = Math.max(0, indexOfSeq(held, low) - KEPT);
  const end = high === Infinity ? held.length : indexOfSeq(held, high) + KEPT;
  const newest = Math.max(end, held.length - KEPT);
  const messages = [...held.slice(first, end), ...held.slice(newest)];
  return messages.length === held.length ? timeline : { ...timeline, messages };
}

/**
 * The same for a room that nobody looks at.
 * @param {Timeline} timeline
 * @returns {Timeline}
 */
export function bounded(timeline) {
  const { messages } = timeline;
  return messages.length > CLOSED_MOST
    ? { ...timeline, messages: messages.slice(-KEPT) }
    : timeline;
}

/**
 * Lets go of what has expired, up to this seq, and does not ask for it again.
 * @param {Timeline} timeline
 * @param {number} upto
 * @returns {Timeline}
 */
export function withoutExpired(timeline, upto) {
  const messages = timeline.messages.slice(indexOfSeq(timeline.messages, upto + 1));
  const patches = timeline.patches.filter(({ seq }) => seq > upto);
  const absent = timeline.absent.filter(([, last]) => last > upto);
  return { ...timeline, messages, patches, absent: [...absent, [1, upto]] };
}

/**
 * What is not held of 1…lastSeq, ascending.
 * @param {Timeline} timeline
 * @param {number} lastSeq
 * @returns {Range[]}
 */
export function gaps(timeline, lastSeq) {
  return gapsBetween(timeline.messages, 1, lastSeq).filter(
    ([from, to]) => !timeline.absent.some(([first, last]) => first <= from && to <= last),
  );
}

/**
 * The first unread message, for the line above it: the n-th from the end, deleted ones not counted.
 * Undefined while that message is not held.
 * @param {Timeline} timeline
 * @param {number} lastSeq the last seq when the count was taken
 * @param {number} unread
 * @returns {number|undefined}
 */
export function firstUnread(timeline, lastSeq, unread) {
  if (unread <= 0) return undefined;
  const { messages } = timeline;
  let left = unread;
  for (let index = indexOfSeq(messages, lastSeq + 1) - 1; index >= 0; index -= 1) {
    if (!messages[index].deletedAt) left -= 1;
    if (left === 0) return messages[index].seq;
    if (messages[index - 1] && messages[index - 1].seq !== messages[index].seq - 1)
      return undefined;
  }
  return undefined;
}

// Internal

/**
 * @param {Message} message
 * @param {Patch} patch
 * @returns {Message}
 */
function patched(message, patch) {
  if (patch.rev <= message.rev) return message;
  const next = { ...message, rev: patch.rev };
  if (patch.kind === "whole" && patch.message) return keepName(patch.message, message);
  if (patch.kind === "edit") return { ...next, content: patch.content, editedAt: patch.at };
  if (patch.kind === "delete")
    return { ...next, content: undefined, reactions: [], media: [], deletedAt: patch.at };
  return { ...next, reactions: withReaction(message.reactions ?? [], patch) };
}

/**
 * @param {import("../types.js").Reaction[]} reactions
 * @param {Patch} patch
 */
function withReaction(reactions, { kind, reactionType = "", userId = "" }) {
  const own = reactions.find((reaction) => reaction.reactionType === reactionType);
  const others = (own?.userIds ?? []).filter((id) => id !== userId);
  const userIds = kind === "react" ? [...others, userId] : others;
  const changed = { reactionType, userIds };
  const list = own
    ? reactions.map((reaction) => (reaction === own ? changed : reaction))
    : [...reactions, changed];
  return list.filter((reaction) => reaction.userIds.length > 0);
}

/**
 * Fetched versions carry no name; the one that a live message brought stays.
 * @param {Message} message
 * @param {Message|undefined} held
 */
function keepName(message, held) {
  return held?.senderName && !message.senderName
    ? { ...message, senderName: held.senderName }
    : message;
}

/**
 * Both ascending; `fresh` wins where both have the same seq.
 * @param {Message[]} held
 * @param {Message[]} fresh
 */
function interleave(held, fresh) {
  const last = held.at(-1);
  if (!last || fresh[0].seq > last.seq) return [...held, ...fresh];
  /** @type {Message[]} */
  const result = [];
  let index = 0;
  for (const message of fresh) {
    while (index < held.length && held[index].seq < message.seq) result.push(held[index++]);
    if (held[index]?.seq === message.seq) index += 1;
    result.push(message);
  }
  while (index < held.length) result.push(held[index++]);
  return result;
}

/**
 * @param {Message[]} messages
 * @param {number} from
 * @param {number} to
 * @returns {Range[]}
 */
function gapsBetween(messages, from, to) {
  /** @type {Range[]} */
  const found = [];
  let next = from;
  for (
    let index = indexOfSeq(messages, from);
    index < messages.length && messages[index].seq <= to;
    index += 1
  ) {
    if (messages[index].seq > next) found.push([next, messages[index].seq - 1]);
    next = messages[index].seq + 1;
  }
  if (next <= to) found.push([next, to]);
  return found;
}
