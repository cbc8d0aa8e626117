/**
 * The base of all elements: light DOM, built once; `data` is set from above, and only `update()`
 * changes the DOM afterwards.
 * @template D
 */
export class View extends HTMLElement {
  /** @type {D|undefined} */
  #data;
  #built = false;
  #life = new AbortController();

  // Lifecycle

  connectedCallback() {
    this.#life = new AbortController();
    if (!this.#built) {
      this.#built = true;
      this.build();
    }
    this.subscribe(this.#life.signal);
    if (this.#data !== undefined) this.update(this.#data);
  }

  disconnectedCallback() {
    this.#life.abort();
  }

  /** @returns {D|undefined} */
  get data() {
    return this.#data;
  }

  set data(value) {
    this.#data = value;
    if (this.#built && value !== undefined) this.update(value);
  }

  /** Builds the DOM once. */
  build() {}

  /**
   * Adds listeners outside of the element, removed when it is disconnected.
   * @param {AbortSignal} _signal
   */
  subscribe(_signal) {}

  /**
   * Idempotent and complete.
   * @param {D} _data
   */
  update(_data) {}
}
