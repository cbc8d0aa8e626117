/**
 * What is fetched and told once the page is connected: drafts of other devices, statuses of other
 * people and whether they are online, and whether I am here.
 */
import { DraftSync } from "./draft-sync.js";
import { Idleness } from "./idleness.js";
import { Statuses } from "./statuses.js";
import { Watching } from "./watching.js";

export class Synced {
  #life = new AbortController();
  #others;

  /** @param {ConstructorParameters<typeof DraftSync>[0]} parts */
  constructor(parts) {
    this.drafts = new DraftSync(parts, this.#life.signal);
    this.#others = [Statuses, Watching, Idleness].map((Part) => new Part(parts, this.#life.signal));
  }

  /** After each connection. */
  start() {
    // What could not be fetched comes with the next connection.
    for (const part of [this.drafts, ...this.#others]) part.start().catch(() => undefined);
  }

  stop() {
    this.#life.abort();
  }
}
