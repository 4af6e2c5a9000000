// The rows of the task table: the API's reply, updated by later events.

import { h, KeyedList } from "./dom.js";
import { distinguish } from "./ids.js";
import { taskRow } from "./task-row.js";

/** Rows keep their positions for this time after the pointer was last over them, in milliseconds. */
const HOLD = 3000;

/** `onDone()` is called after an action on a task, `onFree()` when rows may move again. */
export class TaskRows {
  node = h("tbody", {
    on: { pointermove: () => this.#hold(), pointerdown: () => this.#hold(), click: () => this.#hold() },
  });

  #keyed;
  #onFree;
  /** The page in the API's order. */
  #tasks = [];
  /** The rows shown; the same tasks, unless positions are held. */
  #shown = [];
  /** Events since the current request was sent; null if there is none. */
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

  /** Whether no rows are shown. */
  get isEmpty() {
    return this.#shown.length === 0;
  }

  /** Notes that a request was sent. */
  asked() {
    this.#since = [];
  }

  /** Notes that the request failed. */
  failed() {
    this.#since = null;
  }

  /** Takes the reply. `isNew` if it is for another page or filter than the rows shown. */
  take(tasks, isNew) {
    this.#tasks = tasks;
    const byID = new Map(tasks.map((task) => [task.id, task]));
    this.#shown = this.#isHeld && !isNew ? this.#shown.map((task) => byID.get(task.id) ?? task) : tasks;
    const since = this.#since ?? [];
    this.#since = null;
    this.move(since);
  }

  /** Updates rows. Tasks without a row get none: their events may already be out of date. */
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

  /** Holds the rows while the user points at one, so that a click hits the intended row. */
  #hold() {
    this.#heldUntil = performance.now() + HOLD;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onFree, HOLD + 1);
  }
}

/** Applies an event to a task unless it is already included. */
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
