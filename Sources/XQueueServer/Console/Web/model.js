// The console's model of the queue: a snapshot of `stats`, updated by the events that follow it.

import { api } from "./api.js";
import { serverNow } from "./clock.js";
import { Series } from "./series.js";

export const STATUSES = ["pending", "processing", "success", "failed", "canceled", "timeout"];
export const isOver = (status) => status !== "pending" && status !== "processing";

/** Minimum time between requests of `stats`, which has values that events lack, such as nodes; in milliseconds. */
const PACE = 2000;
/** Time between requests when there are no events, in milliseconds: nodes and stores come and go without one. */
const REST = 10000;

export class Model {
  stats = null;
  /** Number of tasks per status; null until known. */
  counts = Object.fromEntries(STATUSES.map((status) => [status, null]));
  types = [];
  nodes = [];
  series = new Series();
  error = null;
  /** When the snapshot was taken, by the server's clock. */
  snapshotAt = 0;

  #typesByName = new Map();
  #changed;
  #isAsking = false;
  #isDirty = false;
  #askedAt = -Infinity;
  #lasted = 0;
  #timer = 0;

  /** `changed()` is called after each snapshot. */
  constructor(changed) {
    this.#changed = changed;
  }

  /** Applies events, in order. */
  apply(events) {
    for (const event of events) {
      this.series.add(event);
      const isNew = event.event === "status" && Date.parse(event.timestamp) > this.snapshotAt;
      if (isNew && this.stats) this.#move(event);
    }
    this.#isDirty = true;
    this.#plan();
  }

  /** Requests a snapshot as soon as one is due. */
  refresh({ isUrgent = false } = {}) {
    this.#isDirty = true;
    if (isUrgent) this.#askedAt = -Infinity;
    this.#plan();
  }

  /** Whether the server is unreachable or reports an internal problem. */
  get isLost() {
    return this.error !== null && (this.error.status === 0 || this.error.status >= 500);
  }

  /** Whether there are no tasks; false until known. */
  get isEmpty() {
    return this.stats !== null && STATUSES.every((status) => this.counts[status] === 0);
  }

  /** Current age of the oldest pending task in seconds; null if there is none or it is unknown. */
  get oldestAge() {
    const age = this.stats?.oldest_pending_age;
    if (age === null || age === undefined) return null;
    return this.counts.pending > 0 ? age + Math.max(0, serverNow() - this.snapshotAt) / 1000 : null;
  }

  #move(event) {
    this.#step(this.counts, event);
    const type = this.#typesByName.get(event.type);
    if (type) this.#step(type, event);
    const node = this.nodes.find((entry) => entry.id === event.worker_id);
    if (!node || node.running === null) return;
    if (event.status === "processing") node.running += 1;
    else if (event.previous_status === "processing") node.running = Math.max(0, node.running - 1);
  }

  #step(counts, event) {
    if (event.previous_status !== null) {
      counts[event.previous_status] = Math.max(0, counts[event.previous_status] - 1);
    }
    counts[event.status] += 1;
  }

  #plan() {
    if (this.#isAsking) return;
    clearTimeout(this.#timer);
    const rest = this.#isDirty ? Math.max(PACE, 10 * this.#lasted) : REST;
    const wait = Math.max(0, this.#askedAt + rest - performance.now());
    this.#timer = setTimeout(() => this.#ask(), wait);
  }

  async #ask() {
    if (document.hidden && this.stats) {
      this.#askedAt = performance.now();
      this.#plan();
      return;
    }
    this.#isAsking = true;
    this.#isDirty = false;
    this.#askedAt = performance.now();
    try {
      const stats = await api.stats();
      this.#lasted = performance.now() - this.#askedAt;
      this.#take(stats);
      this.error = null;
    } catch (error) {
      this.error = error;
      this.#isDirty = true;
    }
    this.#isAsking = false;
    this.#plan();
    this.#changed();
  }

  #take(stats) {
    this.stats = stats;
    if (stats.rates.seconds) this.series.takeHistory(stats.rates.seconds);
    this.snapshotAt = serverNow() - this.#lasted / 2;
    for (const status of STATUSES) this.counts[status] = stats[`${status}_tasks`];
    this.types = stats.types;
    this.#typesByName = new Map(stats.types.map((type) => [type.type, type]));
    this.nodes = stats.workers;
  }
}
