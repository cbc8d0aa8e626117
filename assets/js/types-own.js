/** Types of what only I see: my settings, saved messages, hits of a search, sessions. */

/** @import {Message} from "./types.js" */

/** Which messages notify me. @typedef {"all"|"mentions"|"nothing"} Level */

/**
 * My own settings of a room; without `notify`, the default of my settings applies.
 * @typedef {{roomId: string, notify?: Level, favourite: boolean, muted: boolean}} OwnSettings
 */

/**
 * My settings for all rooms.
 * @typedef {{notify: Level, keywords: string[], language?: string,
 *   quiet?: {from: string, to: string, zone: string}}} Preferences
 */

/**
 * Frames that only my sockets get.
 * @typedef {{type: "room_settings", room_id: string, notify?: Level, favourite: boolean, muted:
 *     boolean}
 *   |Preferences & {type: "my_settings"}
 *   |{type: "server_updated", name?: string, accent?: string, motd?: string, icon?: string}
 *   |{type: "message_saved"|"message_unsaved", room_id: string, message_id: string}
 *   |{type: "user_presence", online: string[], away: string[], offline: string[], ref?: string}
 *   |{type: "status_changed", user_id: string, status?: Status}} OwnFrame
 */

/**
 * What happened in this page.
 * @typedef {{type: "room_own", own: OwnSettings}
 *   |{type: "preferences_loaded", preferences: Preferences}
 *   |{type: "saved_loaded", ids: string[]}
 *   |{type: "threads_loaded", threads: Threads}
 *   |{type: "statuses_loaded", statuses: StatusOf[]}
 *   |{type: "statuses_ended", now: number}
 *   |{type: "people_shown", people: string[]}
 *   |{type: "unread_marked"|"unread_refused", room_id: string}} OwnAction
 */

/** @typedef {Message & {senderName: string, savedAt: string}} SavedMessage */
/** @typedef {{messages: SavedMessage[], cursor?: string}} SavedPage */
/**
 * A thread that I follow.
 * @typedef {{roomId: string, unread?: number, last?: number}} Follow unread: seq of the newest unread
 *   reply; last: that of the newest one that came
 */
/** By the ids of their first messages. @typedef {Record<string, Follow>} Threads */
/**
 * What stands below the first message of a thread.
 * @typedef {{n: number, at: string, lastSeq: number, people: {userId: string, name: string}[]}} Replies
 */
/**
 * The same as the server says it.
 * @typedef {{messageId: string, replyCount: number, lastReplyAt: string, lastReplySeq: number,
 *   repliers: {userId: string, name: string}[]}} Summary
 */
/**
 * A reply of a thread was posted or deleted, or I follow a thread, or no longer, or have read on in
 * it; `message_id` is the first message of the thread.
 * @typedef {{type: "thread_updated", room_id: string, message_id: string, reply_id: string, seq:
 *     number, sender_id: string, created_at: string, deleted: boolean}
 *   |{type: "thread_changed", room_id: string, message_id: string, following: boolean,
 *     last_read_seq: number, unread_seq?: number}} ThreadFrame
 */
/** @typedef {Message & {senderName: string}} NamedMessage */
/**
 * @typedef {{roomId: string, message: NamedMessage, lastReply: NamedMessage, replyCount: number,
 *   unreadCount: number}} FollowedThread
 */
/**
 * @typedef {Message & {snippet: string, highlights: [number, number][]}} Hit highlights in code
 *   points of the snippet
 */
/** @typedef {{messages: Hit[], cursor?: string}} HitPage */

/**
 * @typedef {{id: string, device: string|null, createdAt: string, lastSeen: string, current:
 *   boolean, push: boolean}} SessionInfo device: what the client calls itself; push: it receives
 *   push notifications
 */

/**
 * Push notifications of this device; without `key`, the server sends none.
 * @typedef {{available: boolean, key?: string, text: boolean,
 *   subscription?: {endpoint: string, all: boolean, text: boolean}}} PushState
 */

export {};

/**
 * An API token of mine.
 * @typedef {{id: number, name: string, scope: string, createdAt: string, lastUsed: string|null,
 *   expires: string|null}} TokenInfo
 */

/**
 * @typedef {{name?: string, email?: string|null, birth?: string|null, mediaId?: number|null,
 *   status?: {emoji: string, text: string, until: string|null}|null,
 *   password?: string, currentPassword?: string}} Change of myself; null takes away
 */

/** @typedef {{emoji?: string, text: string, until?: string}} Status of a user, for a time */

/** @typedef {"here"|"away"|"offline"} Presence here: online; away: online, and idle on all devices */

/** @typedef {{userId: string, status: Status}} StatusOf of somebody with whom I share a room */

/**
 * A draft of mine on the server; `thread` is a message of it, absent for the room itself.
 * @typedef {{roomId: string, thread?: string, content: string, replyTo?: string, savedAt: string}}
 *   ServerDraft
 */

/**
 * A draft was saved, on any of my devices; without content, it was removed.
 * @typedef {{type: "draft_saved", room_id: string, thread?: string, content: string, reply_to?:
 *   string, saved_at: string, ref?: string}} DraftFrame
 */

/**
 * A program has answered later to a slash command of mine.
 * @typedef {{type: "command_response", room_id: string, command: string, content: string}}
 *   CommandFrame
 */

/** @typedef {{userId: string, token: string, expiresAt: string}} Session */

/**
 * A change of a room's settings; what is absent stays, null takes away.
 * @typedef {{topic?: string|null, description?: string|null, visibility?: "public"|"private",
 *   readOnly?: boolean, archived?: boolean}} RoomSettings
 */
