// Time series of the last minutes, by second. Counts come from the store, which counts every second; durations come
// from the event stream. A second covered by neither is unknown, which is not the same as zero.

/** The time span of the charts, in seconds. */
export const WINDOW = 300;
const KEPT = WINDOW + 30;
/** Maximum number of wait and run times kept per second; beyond it, a random sample. */
const SAMPLES = 64;
/** Maximum number of running tasks whose start is remembered. */
const RUNNING = 20_000;

class Second {
  constructor(number) {
    this.number = number;
    /** The store's counts; null if unknown. */
    this.stored = null;
    this.submitted = 0;
    this.succeeded = 0;
    this.failed = 0;
    this.waits = [];
    this.waitCount = 0;
    this.runs = [];
    this.runCount = 0;
  }

  addWait(value) {
    this.waitCount += 1;
    keep(this.waits, this.waitCount, value);
  }

  addRun(value) {
    this.runCount += 1;
    keep(this.runs, this.runCount, value);
  }
}

function keep(samples, count, value) {
  if (samples.length < SAMPLES) {
    samples.push(value);
  } else {
    const index = Math.floor(Math.random() * count);
    if (index < SAMPLES) samples[index] = value;
  }
}

/** When a task was submitted, from the time at the start of its ID. */
function createdAt(id) {
  return parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

export class Series {
  #ring = new Array(KEPT);
  #starts = new Map();
  /** The seconds of which all events have been received, as `{from, to}`, `to` excluded. */
  #covered = [];

  add(event) {
    if (event.event !== "status") return;
    const time = Date.parse(event.timestamp);
    const second = this.#second(Math.floor(time / 1000));
    if (!second) return;
    if (event.previous_status === null) second.submitted += 1;
    if (event.status === "processing") {
      // Only for the first attempt of a task that nobody edited: later ones also waited for their back-off.
      if (event.version === 2) second.addWait(Math.max(0, time - createdAt(event.task_id)) / 1000);
      this.#starts.set(event.task_id, time);
      if (this.#starts.size > RUNNING) this.#starts.delete(this.#starts.keys().next().value);
    } else if (event.previous_status === "processing") {
      const start = this.#starts.get(event.task_id);
      if (start !== undefined) {
        second.addRun(Math.max(0, time - start) / 1000);
        this.#starts.delete(event.task_id);
      }
    }
    if (event.status === "success") second.succeeded += 1;
    if (event.status === "failed" || event.status === "timeout") second.failed += 1;
  }

  /** Takes the store's counts from `stats`. */
  takeHistory(history) {
    const first = Math.floor(Date.parse(history.start) / 1000);
    history.submitted.forEach((submitted, index) => {
      const second = this.#second(first + index);
      if (!second) return;
      second.stored = {
        submitted, succeeded: history.succeeded[index], failed: history.failed[index] + history.timed_out[index],
      };
    });
  }

  /** Begins a span of which all events will be received; `cover` extends it. */
  beginCover(time) {
    const from = Math.ceil(time / 1000);
    const span = { from, to: from };
    this.#covered.push(span);
    return span;
  }

  /** Notes that all events of the span up to this time have been received. */
  cover(span, time) {
    span.to = Math.max(span.to, Math.floor(time / 1000));
    const oldest = span.to - KEPT;
    this.#covered = this.#covered.filter((entry) => entry === span || entry.to > oldest);
  }

  /** The rates per second up to `now`, each averaged over `width` seconds; null where unknown. */
  rates(name, now, width = 5) {
    const last = Math.floor(now / 1000) - 1;
    const values = [];
    for (let number = last - WINDOW + 1; number <= last; number += 1) {
      let sum = 0;
      let count = 0;
      for (let index = number - width + 1; index <= number; index += 1) {
        const value = this.#count(name, index);
        if (value === null) continue;
        sum += value;
        count += 1;
      }
      values.push(this.#count(name, number) === null ? null : sum / count);
    }
    return values;
  }

  /** The given quantiles (0 to 1) of `waits` or `runs`, each over `width` seconds; null where there were none. */
  quantiles(name, now, parts, width = 6, step = 2) {
    const last = Math.floor(now / 1000);
    const lists = parts.map(() => []);
    for (let number = last - WINDOW + step; number <= last; number += step) {
      const samples = [];
      for (let index = number - width + 1; index <= number; index += 1) {
        const second = this.#at(index);
        if (second) samples.push(...second[name]);
      }
      samples.sort((one, other) => one - other);
      parts.forEach((part, index) => {
        const place = Math.min(samples.length - 1, Math.floor(part * samples.length));
        lists[index].push(samples.length > 0 ? samples[place] : null);
      });
    }
    return lists;
  }

  #count(name, number) {
    const second = this.#at(number);
    if (second?.stored) return second.stored[name];
    const isCovered = this.#covered.some((span) => span.from <= number && number < span.to);
    return isCovered ? second?.[name] ?? 0 : null;
  }

  #second(number) {
    const index = number % KEPT;
    const kept = this.#ring[index];
    if (kept?.number === number) return kept;
    if (kept && kept.number > number) return null;
    const second = new Second(number);
    this.#ring[index] = second;
    return second;
  }

  #at(number) {
    const kept = this.#ring[number % KEPT];
    return kept?.number === number ? kept : undefined;
  }
}
