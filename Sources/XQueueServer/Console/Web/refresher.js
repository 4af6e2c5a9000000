// Loads a view's data again: soon after changes, but not after each of many, and now and then without any.

/** Minimum time between loads, in milliseconds. */
const PACE = 1000;
/** Time between loads when there are no changes, in milliseconds: not everything is an event. */
const REST = 10_000;

export class Refresher {
  #load;
  #timer = 0;
  #isLoading = false;
  #isDirty = false;
  #isClosed = false;
  #begunAt = -Infinity;

  /** `load()` must not throw. */
  constructor(load) {
    this.#load = load;
  }

  get isLoading() {
    return this.#isLoading;
  }

  /** Loads now, or again once the current load has ended. */
  async now() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#isDirty = this.#isLoading;
    if (this.#isLoading || this.#isClosed) return;
    this.#isLoading = true;
    this.#begunAt = performance.now();
    await this.#load();
    this.#isLoading = false;
    if (this.#isDirty) this.plan();
  }

  /** Loads as soon as the pace allows. */
  plan() {
    this.#isDirty = true;
    if (this.#timer || this.#isLoading || this.#isClosed) return;
    this.#timer = setTimeout(() => this.now(), Math.max(0, this.#begunAt + PACE - performance.now()));
  }

  /** Called every second. */
  tick() {
    if (performance.now() - this.#begunAt > REST) this.plan();
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }
}
