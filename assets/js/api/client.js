/**
 * The REST half of the API: one method per endpoint. Every failure is an ApiError, a network
 * failure too.
 */
import { ApiError } from "../lib/errors.js";

/**
 * @import {Media, Message, Participant, Person, Pin, Role, Room, Server, User} from "../types.js"
 * @import {Change, HitPage, Level, OwnSettings, Preferences, RoomSettings, SavedPage, Session,
 *   SessionInfo} from "../types-own.js"
 */

export class Client {
  /**
   * Called with every fresh session, so that its token can be renewed in time.
   * @type {(session: Session) => void}
   */
  onSession = () => {};
  /** Called when the session is over for good. */
  onSignedOut = () => {};
  /** @type {Promise<void>|null} one refresh for all requests that find the token expired */
  #refreshing = null;

  // Identity

  /** @param {{userId: string, password: string, name?: string}} body @returns {Promise<User>} */
  register = (body) => this.#send("POST", "api/users", body, false);

  /** What the page for signing in needs to know. @returns {Promise<Server>} */
  server = () => this.#send("GET", "api/server", undefined, false);

  /** Fails unless the token makes the first administrator. @param {string} token @returns {Promise<void>} */
  checkSetup = (token) => this.#send("POST", "api/setup/check", { token }, false);

  /** @param {{token: string, userId: string, password: string}} body @returns {Promise<User>} */
  setup = (body) => this.#send("POST", "api/setup", body, false);

  /** @param {string} userId @param {string} password @param {string} [code] of the second step */
  async login(userId, password, code) {
    this.onSession(await this.#send("POST", "api/login", { userId, password, code }, false));
  }

  /** @returns {Promise<void>} */
  logout = () => this.#send("POST", "api/logout", {}, false);

  /** A fresh token; one request however many ask. @returns {Promise<void>} */
  refresh() {
    this.#refreshing ??= this.#send("POST", "api/refresh", {}, false)
      .then((session) => this.onSession(session))
      .finally(() => {
        this.#refreshing = null;
      });
    return this.#refreshing;
  }

  /** @param {boolean} [renew] refresh the token if it has expired @returns {Promise<User>} */
  me = (renew) => this.#send("GET", "api/users/me", undefined, renew);

  /** @param {Change} body @returns {Promise<User>} */
  changeMe = (body) => this.#send("PATCH", "api/users/me", body);

  /** @returns {Promise<void>} */
  deleteMe = () => this.#send("DELETE", "api/users/me");

  /** @returns {Promise<SessionInfo[]>} */
  sessions = async () => (await this.#send("GET", "api/sessions")).sessions;

  /** @param {string} id @returns {Promise<void>} */
  endSession = (id) => this.#send("DELETE", `api/sessions/${encodeURIComponent(id)}`);

  /** @returns {Promise<Preferences>} */
  preferences = () => this.#send("GET", "api/users/me/settings");

  /** @param {object} change @returns {Promise<Preferences>} */
  changePreferences = (change) => this.#send("PATCH", "api/users/me/settings", change);

  /**
   * @param {Record<string, string|number>} query
   * @returns {Promise<SavedPage>}
   */
  saved = (query) => this.#send("GET", `api/users/me/saved${asked(query)}`);

  /** @returns {Promise<import("../types-own.js").ServerDraft[]>} */
  drafts = async () => (await this.#send("GET", "api/users/me/drafts")).drafts;

  /** @returns {Promise<import("../types-own.js").StatusOf[]>} */
  statuses = async () => (await this.#send("GET", "api/statuses")).statuses;

  /** @param {string} roomId @param {string} messageId @param {boolean} on @returns {Promise<void>} */
  saveMessage = (roomId, messageId, on) =>
    this.#send(on ? "PUT" : "DELETE", `api/chatrooms/${roomId}/messages/${messageId}/saved`);

  /** @param {string} roomId @param {string} messageId */
  markUnread = (roomId, messageId) =>
    this.#send("POST", `api/chatrooms/${roomId}/messages/${messageId}/unread`);

  /** @param {string} query @returns {Promise<Person[]>} */
  findPeople = async (query) =>
    (await this.#send("GET", `api/users?limit=20&q=${encodeURIComponent(query)}`)).users;

  /** @param {string} userId @returns {Promise<Person>} */
  person = (userId) => this.#send("GET", `api/users/${encodeURIComponent(userId)}`);

  /**
   * For administrators of the server.
   * @param {Record<string, object>} command
   * @returns {Promise<any[]>}
   */
  command = async (command) => (await this.#send("POST", "api/admin", command)).items;

  /**
   * For what is seldom asked for: its element knows the endpoint.
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<any>}
   */
  ask = (method, path, body) => this.#send(method, path, body);

  // Rooms

  /** @param {"mine"|"public"} scope @returns {Promise<Room[]>} */
  rooms = async (scope) => (await this.#send("GET", `api/chatrooms?scope=${scope}`)).chatrooms;

  /** @param {string} roomId @returns {Promise<Room>} */
  room = (roomId) => this.#send("GET", `api/chatrooms/${roomId}`);

  /**
   * @param {{targetUserIds: string[], name?: string, visibility?: string, direct?: boolean}} body
   * @returns {Promise<Room>}
   */
  createRoom = (body) => this.#send("POST", "api/chatrooms", body);

  /** @param {string} roomId @returns {Promise<Room>} */
  joinRoom = (roomId) => this.#send("POST", `api/chatrooms/${roomId}/join`, {});

  /** @param {string} roomId @param {string} name @returns {Promise<Room>} */
  renameRoom = (roomId, name) => this.#send("PATCH", `api/chatrooms/${roomId}/name`, { name });

  /** @param {string} roomId @param {RoomSettings} settings @returns {Promise<Room>} */
  changeRoom = (roomId, settings) => this.#send("PATCH", `api/chatrooms/${roomId}`, settings);

  /** @param {string} roomId @returns {Promise<Pin[]>} */
  pins = async (roomId) => (await this.#send("GET", `api/chatrooms/${roomId}/pins`)).pins;

  /** @param {string} roomId @param {string} messageId @param {boolean} on @returns {Promise<void>} */
  pin = (roomId, messageId, on) =>
    this.#send(on ? "PUT" : "DELETE", `api/chatrooms/${roomId}/pins/${messageId}`);

  /**
   * @param {string} roomId
   * @param {{notify?: Level|null, favourite?: boolean}} change
   * @returns {Promise<OwnSettings>}
   */
  changeOwnSettings = (roomId, change) =>
    this.#send("PATCH", `api/chatrooms/${roomId}/settings`, change);

  /** @param {string} roomId @returns {Promise<void>} */
  deleteRoom = (roomId) => this.#send("DELETE", `api/chatrooms/${roomId}`);

  /** @param {string} roomId @param {string} userId @returns {Promise<Participant>} */
  addPerson = (roomId, userId) =>
    this.#send("POST", `api/chatrooms/${roomId}/participants`, { userId });

  /** @param {string} roomId @param {string} userId @returns {Promise<void>} */
  removePerson = (roomId, userId) =>
    this.#send("DELETE", `api/chatrooms/${roomId}/participants/${encodeURIComponent(userId)}`);

  /**
   * @param {string} roomId
   * @param {string} userId
   * @param {Role} role
   * @returns {Promise<Participant>}
   */
  setRole = (roomId, userId, role) =>
    this.#send("PATCH", `api/chatrooms/${roomId}/participants/${encodeURIComponent(userId)}/role`, {
      role,
    });

  /**
   * @param {string} roomId
   * @param {string} userId
   * @param {string} name
   * @returns {Promise<Participant>}
   */
  setRoomName = (roomId, userId, name) =>
    this.#send("PATCH", `api/chatrooms/${roomId}/participants/${encodeURIComponent(userId)}/name`, {
      edited_name: name,
    });

  // Messages

  /**
   * @param {string} roomId
   * @param {Record<string, string|number>} query
   * @returns {Promise<Message[]>}
   */
  messages = async (roomId, query) =>
    (await this.#send("GET", `api/chatrooms/${roomId}/messages${asked(query)}`)).messages;

  /**
   * @param {string} roomId
   * @param {string} messageId
   * @param {string} newContent
   * @returns {Promise<Message>}
   */
  editMessage = (roomId, messageId, newContent) =>
    this.#send("PATCH", `api/chatrooms/${roomId}/messages/${messageId}`, { newContent });

  /** @param {string} roomId @param {string} messageId @returns {Promise<void>} */
  deleteMessage = (roomId, messageId) =>
    this.#send("DELETE", `api/chatrooms/${roomId}/messages/${messageId}`);

  /** @param {string} roomId @param {string} messageId @param {string} reactionType */
  react = (roomId, messageId, reactionType) =>
    this.#send("POST", `api/chatrooms/${roomId}/messages/${messageId}/reactions`, {
      reactionType,
    });

  /**
   * @param {string} roomId
   * @param {string} messageId
   * @param {string} reactionType
   * @returns {Promise<void>}
   */
  unreact = (roomId, messageId, reactionType) =>
    this.#send(
      "DELETE",
      `api/chatrooms/${roomId}/messages/${messageId}/reactions/${encodeURIComponent(reactionType)}`,
    );

  /**
   * @param {string} roomId
   * @param {string} messageId
   * @returns {Promise<{userId: string, readAt: string, lastReadSeq: number}[]>}
   */
  readers = async (roomId, messageId) =>
    (await this.#send("GET", `api/chatrooms/${roomId}/messages/${messageId}/readers`)).readers;

  /**
   * @param {import("../state/search-words.js").Asked & {limit?: number, before?: string}} query
   * @returns {Promise<HitPage>}
   */
  search(query) {
    return this.#send("GET", `api/search${asked(query)}`);
  }

  /**
   * @param {File} file
   * @param {(part: number) => void} [progress] 0 to 1
   * @param {AbortSignal} [signal]
   * @returns {Promise<Media>}
   */
  async upload(file, progress, signal) {
    const { upload } = await import("./upload.js");
    try {
      return await upload(file, progress, signal);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      await this.#renew();
      return upload(file, progress, signal);
    }
  }

  // Internal

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @param {boolean} [renew] refresh the token and try once more on 401
   * @returns {Promise<any>}
   */
  async #send(method, path, body, renew = true) {
    const answer = await this.#fetch(method, path, body);
    if (answer.ok) return answer.status === 204 ? undefined : answer.json();
    if (answer.status === 401 && renew) {
      await this.#renew();
      return this.#send(method, path, body, false);
    }
    const said = await answer.json().catch(() => ({}));
    throw new ApiError(
      answer.status,
      said.error ?? "internal",
      said.message ?? answer.statusText,
      said.field,
    );
  }

  async #renew() {
    try {
      await this.refresh();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.onSignedOut();
      throw error;
    }
  }

  /** @param {string} method @param {string} path @param {object} [body] */
  async #fetch(method, path, body) {
    try {
      return await fetch(path, {
        method,
        credentials: "same-origin",
        ...(body && {
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(body),
        }),
      });
    } catch {
      throw new ApiError(0, "offline", "The server cannot be reached.");
    }
  }
}

/** @param {Record<string, string|number|undefined>} query what is undefined is left out */
function asked(query) {
  const given = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, String(value)]);
  return `?${new URLSearchParams(given)}`;
}
