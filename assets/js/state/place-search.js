/** Finds rooms and people: at once among those known here, then with the help of the server. */
import { findPlaces, placesOf, recentPlaces } from "./places.js";

/** @import {Client} from "../api/client.js" */
/** @import {Person} from "../types.js" */
/** @import {Store} from "./store.js" */

/** How long the list of public rooms is good enough. */
const FRESH_MS = 60_000;

export class PlaceSearch {
  #store;
  #client;
  /** Who was found by the server. @type {Map<string, Person>} */
  #people = new Map();
  #listed = -Infinity;

  /** @param {{store: Store, client: Client}} parts */
  constructor({ store, client }) {
    this.#store = store;
    this.#client = client;
  }

  /** @param {string} query @param {number} most */
  find(query, most) {
    const { state } = this.#store;
    return query
      ? findPlaces(placesOf(state, [...this.#people.values()]), query, most)
      : recentPlaces(state, most);
  }

  /**
   * Asks the server; afterwards `find` knows more.
   * @param {string} query
   */
  async ask(query) {
    if (!query) return;
    await Promise.all([this.#list(), this.#look(query)]);
  }

  // Internal

  /** @param {string} query */
  async #look(query) {
    for (const person of await this.#client.findPeople(query))
      this.#people.set(person.userId, person);
  }

  async #list() {
    if (performance.now() - this.#listed < FRESH_MS) return;
    this.#listed = performance.now();
    const rooms = await this.#client.rooms("public");
    this.#store.dispatch({ type: "directory_loaded", rooms });
  }
}
