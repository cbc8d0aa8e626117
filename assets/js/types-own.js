/** Types of what only I see: my settings, saved messages, hits of a search, sessions. */

/** @import {Message} from "./types.js" */

/** Which messages notify me. @typedef {"all"|"mentions"|"nothing"} Level */

/**
 * My own settings of a room; without `notify`, the default of my settings applies.
 * @typedef {{roomId: string, notify?: Level, favourite: boolean, muted: boolean}} OwnSettings
 */

/**
 * My settings for all rooms.
 * @typedef {{notify: Level, keywords: string[], quiet?: {from: string, to: string, zone: string}}}
 *   Preferences
 */

/**
 * Frames that only my sockets get.
 * @typedef {{type: "room_settings", room_id: string, notify?: Level, favourite: boolean, muted:
 *     boolean}
 *   |Preferences & {type: "my_settings"}
 *   |{type: "message_saved"|"message_unsaved", room_id: string, message_id: string}} OwnFrame
 */

/**
 * What happened in this page.
 * @typedef {{type: "room_own", own: OwnSettings}
 *   |{type: "preferences_loaded", preferences: Preferences}
 *   |{type: "saved_loaded", ids: string[]}
 *   |{type: "unread_marked"|"unread_refused", room_id: string}} OwnAction
 */

/** @typedef {Message & {senderName: string, savedAt: string}} SavedMessage */
/** @typedef {{messages: SavedMessage[], cursor?: string}} SavedPage */
/**
 * @typedef {Message & {snippet: string, highlights: [number, number][]}} Hit highlights in code
 *   points of the snippet
 */
/** @typedef {{messages: Hit[], cursor?: string}} HitPage */

/**
 * @typedef {{id: string, device: string|null, createdAt: string, lastSeen: string, current:
 *   boolean}} SessionInfo device: what the client calls itself
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

/** @typedef {{userId: string, token: string, expiresAt: string}} Session */
