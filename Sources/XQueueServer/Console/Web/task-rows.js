// The rows of the table of tasks: what the API answered, moved on by the events that came since.

import { h, KeyedList } from "./dom.js";
import { distinguish } from "./ids.js";
import { taskRow } from "./task-row.js";

/** Rows stay in their places this long after the mouse or a finger was last seen on them, in milliseconds. */
const HOLD = 3000;

/** `onDone()` is told that something was done to a task, `onFree()` that rows may take their places. */
export class TaskRows {
  node = h("tbody", {
    on: { pointermove: () => this.#hold(), pointerdown: () => this.#hold(), click: () => this.#hold() },
  });

  #keyed;
  #onFree;
  /** The page as the API answered it, in order. */
  #tasks = [];
  /** What stands there; the same tasks, unless places are held. */
  #shown = [];
  /** What happened since the API was asked for what it will answer; null if it is not asked. */
  #since = null;
  #heldUntil = -Infinity;
  #timer = 0;

  constructor(onDone, onFree) {
    this.#keyed = new KeyedList(this.node, (task) => taskRow(task, onDone));
    this.#onFree = onFree;
  }

  get count() {
    return this.#tasks.length;
  }

  /** Whether nothing stands there. */
  get isEmpty() {
    return this.#shown.length === 0;
  }

  /** The API is asked now. */
  asked() {
    this.#since = [];
  }

  /** It does not answer. */
  failed() {
    this.#since = null;
  }

  /** Takes what it answered. With `isNew` the rows are other ones, of another page or filter. */
  take(tasks, isNew) {
    this.#tasks = tasks;
    const byID = new Map(tasks.map((task) => [task.id, task]));
    this.#shown = this.#isHeld && !isNew ? this.#shown.map((task) => byID.get(task.id) ?? task) : tasks;
    const since = this.#since ?? [];
    this.#since = null;
    this.move(since);
  }

  /** Moves rows on. A task that has no row gets none: what it was when its event was made, it may be no more. */
  move(events) {
    this.#since = this.#since?.concat(events) ?? null;
    const tasks = new Map([...this.#shown, ...this.#tasks].map((task) => [task.id, task]));
    for (const event of events) {
      const task = tasks.get(event.task_id);
      if (task) moveOn(task, event);
    }
  }

  render() {
    if (!this.#isHeld) this.#shown = this.#tasks;
    const names = distinguish(this.#shown.map((task) => task.id));
    this.#keyed.update(this.#shown.map((task) => ({ task, name: names.get(task.id) })), ({ task }) => task.id);
  }

  close() {
    clearTimeout(this.#timer);
  }

  get #isHeld() {
    return performance.now() < this.#heldUntil || document.querySelector("dialog[open]") !== null;
  }

  /** Whoever points at a row means that row, not the one that would come in its place. */
  #hold() {
    this.#heldUntil = performance.now() + HOLD;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onFree, HOLD + 1);
  }
}

/** A task takes a step that it has not taken yet. */
function moveOn(task, event) {
  if (event.event === "progress") {
    const isNewer = Date.parse(event.timestamp) >= Date.parse(task.updated_at);
    if (task.status === "processing" && isNewer) task.progress = event.progress;
    return;
  }
  if (event.version <= task.version) return;
  task.version = event.version;
  task.status = event.status;
  task.retry_count = event.retry_count;
  task.error = event.error;
  task.pending_reason = null;
  task.worker_id = event.worker_id;
  task.updated_at = event.timestamp;
  if (event.status === "processing") task.progress = null;
}
