/**
 * Types of the wire and of the state, for the type checker only: nothing here runs.
 */

/** @import {CommandFrame, DraftFrame, Level, OwnAction, OwnFrame, Preferences} from "./types-own.js" */
/** @import {Presence, Status, ThreadFrame, Threads} from "./types-own.js" */

/**
 * @typedef {object} User
 * @property {string} userId login name
 * @property {string} name display name
 * @property {string|null} [email]
 * @property {string|null} [birth]
 * @property {Media|null} [media] their picture
 * @property {Status|null} [status]
 * @property {string} [createdAt]
 * @property {boolean} [admin] server administrator (only of myself)
 * @property {boolean} [guest] sees the rooms they are in, and manages none
 */

/**
 * @typedef {object} Server
 * @property {string} [name] what the administrator called it
 * @property {boolean} registration anyone may create an account
 * @property {boolean} [invitations] anyone with an invitation may, and nobody else
 * @property {string} [accent] #rrggbb
 * @property {boolean} [resetByMail] it mails links for a new password
 * @property {boolean} [mail] it can send mail
 * @property {{label: string}} [oidc] how to sign in through its provider
 * @property {boolean} [localLogin] false: nobody signs in with a password
 * @property {boolean} [personalTokens] people may create API tokens of their own
 * @property {boolean} [linkPreviews] previews of links are shown
 * @property {number} [retentionDays] for which messages are kept
 * @property {boolean} [keepPinned] pinned ones are kept for longer
 * @property {string} [motd] message of the day
 * @property {string} [icon] tag of its icon, which changes with it
 * @property {boolean} setup there is no administrator yet
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
 * @property {true} [bot] a program; only in responses
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
 * @property {string} [threadId] the first message of its thread; not on live messages
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
 * @property {Level} [notify] absent: the default of my settings
 * @property {boolean} [favourite]
 * @property {number} [readSeq] up to where I have read, as far as frames told
 * @property {Message|null} [lastMessage]
 * @property {boolean} [full] all participants are known
 * @property {boolean} [stale] something changed that frames do not tell: it is fetched when it is open
 * @property {string} [topic] what it is about at the moment
 * @property {string} [description] what it is for
 * @property {boolean} [readOnly] only admins and sub-admins may post
 * @property {boolean} [archived] nobody may post, join or be added
 * @property {string} [archivedAt]
 * @property {number} [retentionDays] 0: for ever; absent, as the next: what the server says
 * @property {boolean} [keepPinned]
 * @property {number} [expiredSeq] the newest message that has expired
 */

/**
 * A pinned message.
 * @typedef {{message: Message, userId?: string, pinnedAt: string}} Pin userId: who pinned it
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
 * @property {"uploading"|"pending"|"failed"} state uploading: it waits for its files
 * @property {string} [reason] code of the error, or the key of its text
 * @property {boolean} [lasting] sending the same again cannot help
 */

/** An upload of a message that waits for it. @typedef {{name: string, part: number}} Progress */

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
 * @property {"rooms"|"room"|"directory"|"profile"|"saved"|"threads"|"server"|"search"|"sign-in"|"register"
 *   |"setup"|"reset"|"forgot"|"invite"} page
 * @property {string} [roomId]
 * @property {string} [messageId]
 * @property {boolean} [details]
 * @property {string} [thread] a message of the thread that is open beside the conversation
 * @property {string} [token]
 * @property {string} [tab] of the server page
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
 * @property {boolean} [kept] it shows what an earlier visit has left, until its first page is there
 */

/** An open room that I did not leave. @typedef {{room: Room, why: "removed"|"deleted"}} Lost */

/** Public rooms; null: not loaded yet. @typedef {{rooms: Room[]|null, error: string}} Directory */

/**
 * @typedef {object} State
 * @property {User|null} me
 * @property {Server|null} server null: not known
 * @property {boolean} ready the list of rooms was loaded
 * @property {boolean} listFailed it could not be loaded; another request follows
 * @property {boolean} kept the rooms are those of an earlier visit: the server has not told of them yet
 * @property {Record<string, Room>} rooms
 * @property {Record<string, Timeline>} timelines
 * @property {Record<string, Pin[]>} pins of rooms that were opened, the latest first
 * @property {Record<string, string>} people display names by login name
 * @property {Record<string, string>} pictures names of people's pictures by login name, "" for none
 * @property {Record<string, Message|null>} quoted messages fetched only to be quoted
 * @property {Pending[]} outbox
 * @property {Record<string, Progress[]>} uploads of messages in the outbox, by client id
 * @property {Record<string, string>} drafts by room, and by room and thread
 * @property {Record<string, Status>} statuses of the people of my rooms, without my own
 * @property {Context|null} context of the message being written
 * @property {string} editError why the edited message was not saved, "" when it was
 * @property {boolean} detailsOpen in a layout of several columns
 * @property {Directory} directory
 * @property {Record<string, string[]>} online who is in a room: all if I have entered it
 * @property {Record<string, Presence>|null} presence of the people named to the server; null: not told
 * @property {string[]} shown people in a dialog or a list that is open
 * @property {Record<string, Record<string, number>>} typing room, person, time it ends
 * @property {Record<string, Record<string, number>>} reads room, person, last read seq
 * @property {Visit|null} visit
 * @property {Record<string, Room|null>} found rooms of others that were looked up; null: none for me
 * @property {Lost|null} lost the open room that is not mine any more
 * @property {Preferences|null} preferences null: not loaded yet
 * @property {Set<string>|null} saved ids of saved messages; null: not loaded yet
 * @property {Threads|null} threads that I follow; null: not loaded yet
 * @property {string|null} held the open room that I have marked as unread
 * @property {string|null} reading the room whose end is in view
 * @property {string|undefined} epoch
 * @property {Connection} connection
 * @property {Route} route
 * @property {boolean} ended the session was ended, and not by me here
 */

/**
 * What a message being written belongs to.
 * @typedef {{kind: "edit"|"reply", messageId: string, author: string, content: string,
 *   restored?: boolean}} Context restored: with a draft, and not chosen now
 */

// Frames of the socket

/** @typedef {{room_id: string, seq: number, rev: number}} MessagePlace */
/** @typedef {MessagePlace & {user_id: string, reaction_type: string}} ReactionChange */
/**
 * @typedef {{room_id: string, rev: number, user_id: string, name: string, edited_name?: string,
 *   role: Role}} ParticipantChange
 */
/**
 * @typedef {{room_id: string, rev: number, last_seq: number, unread_count: number,
 *   mention_count?: number, reset?: boolean}} SubscribedRoom
 */
/**
 * @typedef {MessagePlace & {type: "chat_message", message_id: string, sender_id: string,
 *   sender_name: string, content: string, timestamp: string, created_at?: string,
 *   client_id?: string, reply_to?: string, media?: Media[]}} ChatMessage
 */
/**
 * @typedef {MessagePlace & {type: "message_sent", message_id: string, timestamp: string,
 *   client_id?: string, ref?: string}} MessageSent
 */
/**
 * @typedef {{type: "changes", room_id: string, rev: number, reset?: boolean, room?: Room,
 *   messages?: Message[]}} Changes
 */
/** @typedef {{type: "subscribed", rooms: SubscribedRoom[]}} Subscribed */
/**
 * @typedef {ParticipantChange & {type: "participant_added"|"participant_changed"}}
 *   ParticipantUpdated
 */
/**
 * @typedef {{type: "participant_removed", room_id: string, rev: number, user_id: string}}
 *   ParticipantRemoved
 */

/**
 * A frame of the server that changes the state; `type` decides which fields it has.
 * @typedef {ChatMessage|MessageSent|Changes|Subscribed|ParticipantUpdated|ParticipantRemoved
 *   |{type: "connection_established", epoch: string, heartbeat_s: number}
 *   |{type: "room_joined", room_id: string, online?: string[]}
 *   |{type: "room_left", room_id: string}
 *   |{type: "user_joined"|"user_left", room_id: string, user_id: string}
 *   |{type: "presence", room_id: string, joined?: string[], left?: string[]}
 *   |MessagePlace & {type: "message_edited", content: string, edited_at: string}
 *   |MessagePlace & {type: "message_deleted", timestamp: string}
 *   |ReactionChange & {type: "reaction_added"|"reaction_removed"}
 *   |{type: "read_marked", room_id: string, user_id: string, unread_count: number,
 *     last_read_seq: number, ref?: string}
 *   |OwnFrame
 *   |{type: "message_read", room_id: string, user_id: string, last_read_seq: number}
 *   |{type: "room_added", room: Room, unread_count?: number}
 *   |{type: "room_updated", room_id: string, rev: number, name: string|null, owner_id: string,
 *     visibility: "public"|"private", expired_seq?: number}
 *   |{type: "room_deleted", room_id: string, rev: number}} StateFrame
 */

/** @typedef {{error: string, message: string, ref?: string, type?: undefined}} ErrorFrame */

/**
 * A frame of the server.
 * @typedef {StateFrame|ThreadFrame|DraftFrame|CommandFrame|ErrorFrame|{type: "pong"}
 *   |{type: "user_typing", room_id: string, user_id: string}} Frame
 */

// Actions
/**
 * What happened in this page: an answer of the REST API arrived, or the user did something.
 * @typedef {{type: "signed_in", me: User, outbox: Pending[], drafts?: Record<string, string>}
 *   |{type: "signed_out", ended?: boolean}
 *   |{type: "me_changed", me: User}
 *   |{type: "server_loaded", server: Server}
 *   |{type: "routed", route: Route}
 *   |{type: "connection", connection: Connection}
 *   |{type: "person_loaded", person: Person}
 *   |{type: "quote_loaded", messageId: string, message: Message|null}
 *   |{type: "typing_started", room_id: string, user_id: string, now: number}
 *   |{type: "typing_ended", room_id: string, now: number}
 *   |{type: "draft_changed", room_id: string, text: string}
 *   |{type: "context_changed", context: Context|null}
 *   |{type: "edit_failed", error: string}
 *   |{type: "details_toggled", open: boolean}
 *   |{type: "directory_loaded", rooms: Room[]}
 *   |{type: "directory_failed", error: string}
 *   |{type: "queued", pending: Pending}
 *   |{type: "send_failed", clientId: string, reason: string, lasting?: boolean}
 *   |{type: "send_retried"|"send_dropped"|"send_uploading", clientId: string}
 *   |{type: "upload_progress", clientId: string, uploads: Progress[]}
 *   |{type: "uploaded", clientId: string, content: string, media: Media[]}
 *   |{type: "rooms_loaded", rooms: Room[]}
 *   |{type: "restored", rooms: Room[], people: Record<string, string>, messages: Record<string,
 *     Message[]>}
 *   |{type: "rooms_failed"}
 *   |{type: "room_loaded", room: Room}
 *   |{type: "room_opened"|"room_gone", room_id: string}
 *   |{type: "room_found", room_id: string, room: Room|null}
 *   |{type: "room_closed"}
 *   |OwnAction
 *   |{type: "pins_loaded", room_id: string, pins: Pin[]}
 *   |{type: "message_loaded", message: Message}
 *   |{type: "history_opened"|"page_retried", room_id: string}
 *   |{type: "history_spare", room_id: string, read: {low: number, high: number}}
 *   |{type: "page_loaded", room_id: string, messages: Message[], covered: Range|null}
 *   |{type: "page_failed", room_id: string, gap: Range}
 *   |{type: "readers_loaded", room_id: string, readers: Record<string, number>}
 *   |{type: "reading", room_id: string|null}} PageAction
 */

/** Anything that changes the state. @typedef {StateFrame|PageAction} Action */

/**
 * The actions of one type.
 * @template {Action["type"]} T
 * @template [A=Action]
 * @typedef {A extends {type: infer U} ? (T extends U ? A : never) : never} ActionOf
 */

/**
 * A reducer for each type of action. A missing one is a type error in state/reduce.js.
 * @template {Action["type"]} T
 * @typedef {{[K in T]: (state: State, action: ActionOf<K>) => State}} Reducers
 */

// The rest of the REST API

/** @typedef {Pick<User, "userId"|"name"|"media"|"createdAt"|"status">} Person */
export {};
