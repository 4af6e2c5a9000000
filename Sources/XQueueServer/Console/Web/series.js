// What happened in each of the last seconds, counted from the event stream.

/** How far back the charts reach, in seconds. */
export const WINDOW = 300;
const KEPT = WINDOW + 30;
/** The most waits and run times remembered of one second; beyond it a random choice stands for all. */
const SAMPLES = 64;
/** The most running tasks whose start is remembered. */
const RUNNING = 20_000;

class Second {
  constructor(number) {
    this.number = number;
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

/** When a task was submitted: its identifier begins with the time. */
function createdAt(id) {
  return parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

export class Series {
  #ring = new Array(KEPT);
  #starts = new Map();

  add(event) {
    if (event.event !== "status") return;
    const time = Date.parse(event.timestamp);
    const second = this.#second(Math.floor(time / 1000));
    if (!second) return;
    if (event.previous_status === null) second.submitted += 1;
    if (event.status === "processing") {
      // Only the first attempt waited for a worker alone; later ones waited for their back-off too.
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

  clear() {
    this.#ring = new Array(KEPT);
    this.#starts.clear();
  }

  /** How many a second there were in each of the last seconds up to `now`, each the mean of `width` seconds. */
  rates(name, now, width = 5) {
    const last = Math.floor(now / 1000) - 1;
    const values = [];
    let sum = 0;
    for (let number = last - WINDOW - width + 2; number <= last; number += 1) {
      sum += this.#at(number)?.[name] ?? 0;
      if (number > last - WINDOW) values.push(Math.max(0, sum) / width);
      sum -= this.#at(number - width + 1)?.[name] ?? 0;
    }
    return values;
  }

  /** The given parts (0 to 1) of the `waits` or `runs` of `width` seconds each; null where there were none. */
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
