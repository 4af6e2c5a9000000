// Between the stream and the page: messages gather, and are taken once per animation frame, so that
// thousands of events a second cost the page no more than sixty updates.

/** How long one frame may spend on messages. What is left waits for the next. */
const BUDGET = 8;
/** More than this is not worth catching up with: the state is asked for instead. */
const MOST = 100_000;
/** How often a page nobody looks at is kept up to date. */
const HIDDEN_PACE = 1000;

export class FrameQueue {
  #messages = [];
  #taken = 0;
  #isScheduled = false;
  #apply;
  #overflow;

  /** `apply(events)` takes a batch; `overflow()` is called when messages had to be thrown away. */
  constructor(apply, overflow) {
    this.#apply = apply;
    this.#overflow = overflow;
  }

  push(text) {
    this.#messages.push(text);
    if (this.#messages.length - this.#taken > MOST) {
      this.clear();
      this.#overflow();
    }
    this.#schedule();
  }

  /** Whether all messages have been taken. */
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
      // A page that is hidden meanwhile gets no frame; then the timer is the one that runs.
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
        console.warn("a message of the event stream is not JSON");
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
