/**
 * The words of the wire and of the state, for the type checker only. Nothing here runs.
 * REST objects are spelled in camelCase, WebSocket frames in snake_case, as the server sends them.
 */

/**
 * @typedef {object} User
 * @property {string} userId login name
 * @property {string} name display name
 * @property {string|null} [email]
 * @property {string|null} [birth]
 * @property {Media|null} [media] their picture
 * @property {string} [createdAt]
 * @property {boolean} [admin] server administrator (only of myself)
 */

/**
 * An uploaded file.
 * @typedef {object} Media
 * @property {number} id
 * @property {string} name where it is found
 * @property {string} type the usual ending of its type
 * @property {boolean} isImage
 * @property {number} size bytes
 * @property {number} [width]
 * @property {number} [height]
 * @property {string} [fileName] what its uploader called it
 * @property {string} createdAt
 */

/** @typedef {"admin"|"sub-admin"|"member"} Role */

/**
 * @typedef {object} Participant
 * @property {string} userId
 * @property {string} edited_name name used inside the room only, "" when unset
 * @property {Role} role
 * @property {string} name
 * @property {Media|null} [media] their picture
 */

/** @typedef {{reactionType: string, userIds: string[]}} Reaction */

/**
 * @typedef {object} Message
 * @property {string} messageId
 * @property {string} roomId
 * @property {string} userId "" when the account is deleted
 * @property {string} [senderName] only on live messages
 * @property {string} [content] absent when deleted
 * @property {string} createdAt
 * @property {number} seq
 * @property {number} rev
 * @property {string} [editedAt]
 * @property {string} [deletedAt]
 * @property {string} [replyTo]
 * @property {string} [clientId]
 * @property {Reaction[]} [reactions]
 * @property {Media[]} [media]
 */

/**
 * @typedef {object} Room
 * @property {string} roomId
 * @property {string|null} name
 * @property {string} createdAt
 * @property {Participant[]} participants the first ten only, unless `full`
 * @property {number} userCount
 * @property {string} ownerId
 * @property {"public"|"private"} visibility
 * @property {number} rev
 * @property {number} lastSeq
 * @property {number} [unreadCount]
 * @property {number} [mentionCount]
 * @property {boolean} [muted]
 * @property {Message|null} [lastMessage]
 * @property {boolean} [full] all participants are known
 */

/**
 * What I wrote and the server has not confirmed.
 * @typedef {object} Pending
 * @property {string} clientId
 * @property {string} roomId
 * @property {string} content
 * @property {string} createdAt
 * @property {string} [replyTo]
 * @property {Media[]} [media] uploaded already
 * @property {"pending"|"failed"} state
 * @property {string} [reason] code of the error
 */

/** @typedef {[number, number]} Range first and last seq, both included */

/**
 * A change of one message that is not held yet, or not held in that version.
 * @typedef {object} Patch
 * @property {number} seq
 * @property {number} rev
 * @property {"edit"|"delete"|"react"|"unreact"|"whole"} kind
 * @property {string} [content]
 * @property {string} [at]
 * @property {string} [userId]
 * @property {string} [reactionType]
 * @property {Message} [message]
 */

/**
 * What is held of one room's messages.
 * @typedef {object} Timeline
 * @property {Message[]} messages ascending by seq
 * @property {boolean} loaded the latest page was merged once
 * @property {boolean} reset what is held belongs to another past: the next latest page replaces it
 * @property {Patch[]} patches changes waiting for their message
 * @property {Range[]} absent places that the server was asked for and has nothing at
 * @property {Range|null} failed the gap that could not be fetched
 */

/**
 * @typedef {object} Route
 * @property {"rooms"|"room"|"directory"|"profile"|"server"|"search"|"sign-in"|"register"|"setup"}
 *   page
 * @property {string} [roomId]
 * @property {string} [messageId]
 * @property {boolean} [details]
 * @property {string} [token]
 * @property {string} [query] what is searched for
 * @property {string} [within] the room it is searched in
 */

/**
 * @typedef {object} Connection
 * @property {"online"|"offline"|"connecting"} state
 * @property {number} [retryAt] time of the next try, ms since 1970
 */

/**
 * The open room, as it was when it was opened.
 * @typedef {object} Visit
 * @property {string} roomId
 * @property {number} unread
 * @property {number} lastSeq
 */

/**
 * @typedef {object} State
 * @property {User|null} me
 * @property {boolean} ready the list of rooms was loaded
 * @property {Record<string, Room>} rooms
 * @property {Record<string, Timeline>} timelines
 * @property {Record<string, string>} people display names by login name
 * @property {Record<string, string>} pictures names of people's pictures by login name, "" for none
 * @property {Record<string, Message|null>} quoted messages fetched only to be quoted
 * @property {Pending[]} outbox
 * @property {Record<string, string>} drafts by room
 * @property {Record<string, string[]>} online who is in a room that I have entered
 * @property {Record<string, Record<string, number>>} typing room, person, time it ends
 * @property {Record<string, Record<string, number>>} reads room, person, last read seq
 * @property {Visit|null} visit
 * @property {string|null} reading the room whose end is in view
 * @property {string|undefined} epoch
 * @property {Connection} connection
 * @property {Route} route
 * @property {boolean} ended the session was ended, and not by me here
 */

/**
 * Any frame of the socket, and any event of our own; `type` (or `error`) decides what else is
 * there.
 * @typedef {{type: string, [key: string]: any}} Event
 */

/**
 * @typedef {Message & {snippet: string, highlights: [number, number][]}} Hit highlights in code
 *   points of the snippet
 */
/** @typedef {{messages: Hit[], cursor?: string}} HitPage */

/**
 * @typedef {{name?: string, email?: string|null, birth?: string|null, mediaId?: number|null,
 *   password?: string, currentPassword?: string}} Change of myself; null takes away
 */
/**
 * @typedef {{id: string, device: string|null, createdAt: string, lastSeen: string, current:
 *   boolean}} SessionInfo device: what the client calls itself
 */

/** @typedef {{userId: string, token: string, expiresAt: string}} Session */

/** @typedef {{userId: string, name: string, media?: Media|null, createdAt?: string}} Person */

export {};
