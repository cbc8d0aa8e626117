/** What is fetched once the page is connected: drafts of other devices, statuses of other people. */
import { DraftSync } from "./draft-sync.js";
import { Statuses } from "./statuses.js";

export class Synced {
  #life = new AbortController();

  /** @param {ConstructorParameters<typeof DraftSync>[0]} parts */
  constructor(parts) {
    this.drafts = new DraftSync(parts, this.#life.signal);
    this.statuses = new Statuses(parts, this.#life.signal);
  }

  /** After each connection. */
  start() {
    // What could not be fetched comes with the next connection.
    for (const part of [this.drafts, this.statuses]) part.start().catch(() => undefined);
  }

  stop() {
    this.#life.abort();
  }
}
