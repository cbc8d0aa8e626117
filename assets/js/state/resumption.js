/**
 * How the page begins when somebody is signed in: with what an earlier visit has left, which is
 * shown while the server is asked who that is.
 */
import { ApiError } from "../lib/errors.js";

/** @import {Client} from "../api/client.js" */
/** @import {SessionKeeper} from "../api/session.js" */
/** @import {Room, User} from "../types.js" */
/** @import {Live} from "./live.js" */
/** @import {Snapshot} from "./snapshot.js" */
/** @import {Store} from "./store.js" */

export class Resumption {
  #parts;
  /** Whether the server has said if there is a session. */
  #answered = false;

  /**
   * @param {{store: Store, client: Client, live: Live, keeper: SessionKeeper, snapshot: Snapshot,
   *   welcome: (me: User) => void, again: () => void}} parts welcome: shows what of this person is
   *   in this browser; again: opens the page anew
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * Goes on with the session that the cookie holds.
   * @returns {Promise<boolean>} false when there is none
   */
  async resume() {
    const { store, client, live, keeper, welcome } = this.#parts;
    const { known } = keeper;
    try {
      // On a first visit there is nothing to renew, and no list.
      const rooms = known ? client.rooms("mine") : undefined;
      // Of a failure tells the request for the user, or who takes the list.
      rooms?.catch(() => undefined);
      const me = await client.me(known);
      this.#answered = true;
      if (store.state.kept) await this.#confirmed(me, rooms);
      else {
        welcome(me);
        live.start(rooms);
      }
      keeper.resume();
      return true;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      this.#answered = true;
      return false;
    }
  }

  /**
   * Shows what an earlier visit has left, while the server is asked. Nothing is sent until `resume`
   * or `goOn`.
   * @returns {Promise<boolean>} false when there is nothing, or when the server was faster
   */
  async restore() {
    const { store, keeper, snapshot, welcome } = this.#parts;
    const found = keeper.known ? await snapshot.load() : null;
    if (!found || this.#answered || !keeper.known) return false;
    const { me, rooms, people, messages } = found;
    welcome(me);
    store.dispatch({ type: "restored", rooms, people, messages });
    return true;
  }

  /** Goes on with it while the server cannot be reached. */
  goOn() {
    const { store, client, live, keeper } = this.#parts;
    live.start();
    keeper.resume();
    const online = () => {
      if (store.state.connection.state !== "online") return;
      store.removeEventListener("change", online);
      client.me().then(
        (me) => this.#confirmed(me),
        () => undefined,
      );
    };
    store.addEventListener("change", online);
  }

  // Internal

  /**
   * The server has said who is signed in, while what an earlier visit has left was shown.
   * @param {User} me
   * @param {Promise<Room[]>} [rooms] absent when they are asked for already
   */
  async #confirmed(me, rooms) {
    const { store, live, keeper, snapshot, again } = this.#parts;
    if (me.userId === store.state.me?.userId) {
      store.dispatch({ type: "me_changed", me });
      if (rooms) live.start(rooms);
      return;
    }
    // Somebody else: nothing of the page may stay.
    live.stop();
    store.dispatch({ type: "signed_out" });
    keeper.belongsTo(me.userId);
    await snapshot.clear();
    again();
  }
}
