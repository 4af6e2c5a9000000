// Buffers messages between the stream and the page, and processes them once per animation frame, so that thousands of
// events a second cause no more than sixty updates.

/** Time per frame for processing messages, in milliseconds. The rest waits for the next frame. */
const BUDGET = 8;
/** Maximum backlog of messages; beyond it the current state is loaded instead. */
const MAX_MESSAGES = 100_000;
/** Update interval of a hidden page, in milliseconds. */
const HIDDEN_PACE = 1000;

export class FrameQueue {
  #messages = [];
  #taken = 0;
  #isScheduled = false;
  #apply;
  #overflow;

  /** `apply(events)` processes a batch; `overflow()` is called after messages were dropped. */
  constructor(apply, overflow) {
    this.#apply = apply;
    this.#overflow = overflow;
  }

  push(text) {
    this.#messages.push(text);
    if (this.#messages.length - this.#taken > MAX_MESSAGES) {
      this.clear();
      this.#overflow();
    }
    this.#schedule();
  }

  /** Whether all messages have been processed. */
  get isEmpty() {
    return this.#messages.length === this.#taken;
  }

  clear() {
    this.#messages = [];
    this.#taken = 0;
  }

  #schedule() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const run = () => {
      this.#isScheduled = false;
      this.#run();
    };
    if (document.hidden) {
      setTimeout(run, HIDDEN_PACE);
    } else {
      // A page hidden in the meantime gets no frame; then the timer fires.
      let isDone = false;
      const once = () => {
        if (isDone) return;
        isDone = true;
        run();
      };
      requestAnimationFrame(once);
      setTimeout(once, HIDDEN_PACE);
    }
  }

  #run() {
    const end = performance.now() + (document.hidden ? 10 * BUDGET : BUDGET);
    const events = [];
    while (this.#taken < this.#messages.length) {
      const text = this.#messages[this.#taken];
      this.#taken += 1;
      try {
        events.push(JSON.parse(text));
      } catch {
        console.warn("event stream message is not JSON");
      }
      if (events.length % 64 === 0 && performance.now() > end) break;
    }
    if (this.#taken === this.#messages.length) {
      this.clear();
    } else {
      if (this.#taken > 4096) {
        this.#messages = this.#messages.slice(this.#taken);
        this.#taken = 0;
      }
      this.#schedule();
    }
    if (events.length > 0) this.#apply(events);
  }
}
