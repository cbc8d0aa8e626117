/**
 * What all elements share: light DOM, a skeleton built once, `data` down, `update()` the only place
 * that changes it after.
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

  /** Makes the skeleton. */
  build() {}

  /**
   * Listens outside of the element, until it is taken away.
   * @param {AbortSignal} _signal
   */
  subscribe(_signal) {}

  /**
   * Idempotent and complete.
   * @param {D} _data
   */
  update(_data) {}
}
