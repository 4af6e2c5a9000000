// The timeline of a task, from a separate event stream that begins with its submission.

import { h, KeyedList, setAttribute, setText, show } from "./dom.js";
import { clockTime, span } from "./format.js";
import { FrameQueue } from "./frames.js";
import { t } from "./i18n.js";
import { emptyNote } from "./parts.js";
import { EventStream } from "./stream.js";

/** Maximum number of entries; older ones are dropped. */
const MAX_ENTRIES = 500;

export class TaskTimeline {
  node;

  #id;
  #onEvent;
  #entries = [];
  #attempt = 0;
  #task = null;
  #isPartial = false;
  #isCut = false;
  #stream = null;
  #queue;
  #list = h("ol", { class: "timeline" });
  #keyed = new KeyedList(this.#list, makeEntry);
  #note = h("p", { class: "muted small-text", hidden: true });
  #empty = emptyNote(t("event.none"));

  /** `onEvent(event)` is called for every event of the task. */
  constructor(id, onEvent) {
    this.#id = id;
    this.#onEvent = onEvent;
    this.#queue = new FrameQueue((events) => this.#take(events), () => this.#restart());
    this.node = h("div", {}, this.#note, this.#list, this.#empty);
  }

  /** Starts following the task, given its record. */
  open(task) {
    this.#task = task;
    this.#stream = new EventStream(
      { task_id: this.#id, after: String(Date.parse(task.created_at)) },
      { message: (text) => this.#queue.push(text), state: () => {} },
    ).open();
  }

  /** Updates the record, which fills in for events no longer in the log. */
  know(task) {
    this.#task = task;
    if (this.#isPartial) this.#render();
  }

  close() {
    this.#stream?.close();
    this.#queue.clear();
  }

  #restart() {
    this.#stream?.retryNow();
  }

  #take(events) {
    for (const event of events) {
      if (event.cursor && this.#stream) this.#stream.cursor = event.cursor;
      if (event.event === "reset") this.#isPartial = true;
      if (event.event !== "status" && event.event !== "progress") continue;
      this.#add(event);
      this.#onEvent(event);
    }
    this.#render();
  }

  #add(event) {
    const time = Date.parse(event.timestamp);
    if (event.event === "progress") {
      const last = this.#entries.at(-1);
      const text = event.progress_message ?? "";
      const entry = { name: "progress", values: { n: Math.round(event.progress) }, time, text };
      // Progress replaces the previous progress, so that it does not bury other entries.
      if (last?.name === "progress") this.#entries[this.#entries.length - 1] = { ...entry, key: last.key };
      else this.#push({ ...entry, key: `p${event.cursor}` });
      return;
    }
    if (this.#entries.some((entry) => entry.key === `v${event.version}`)) return;
    this.#push({ key: `v${event.version}`, time, status: event.status, ...this.#words(event) });
  }

  #words(event) {
    const from = event.previous_status;
    const worker = event.worker_id;
    switch (event.status) {
      case "pending":
        if (from === null) return { name: "submitted" };
        if (from === "pending") return { name: "edited" };
        if (from === "processing") return { name: "retry", text: event.error ?? "" };
        return { name: "requeued" };
      case "processing":
        this.#attempt += 1;
        return {
          name: "processing", values: { n: Math.max(this.#attempt, event.retry_count + 1) },
          text: worker ? t("event.on", { worker }) : "",
        };
      case "success":
        return { name: "success" };
      default:
        return { name: event.status, text: event.error ?? "" };
    }
  }

  #push(entry) {
    this.#entries.push(entry);
    if (this.#entries.length <= MAX_ENTRIES) return;
    this.#entries.shift();
    this.#isCut = true;
  }

  #render() {
    const known = new Set(this.#entries.map((entry) => entry.name));
    const entries = this.#isPartial
      ? [...fromRecord(this.#task).filter((entry) => !known.has(entry.name)), ...this.#entries]
        .toSorted((one, other) => one.time - other.time)
      : this.#entries;
    const start = entries[0]?.time ?? 0;
    this.#keyed.update(entries.map((entry) => ({ ...entry, start })), (entry) => entry.key);
    show(this.#empty, entries.length === 0);
    show(this.#note, this.#isPartial || this.#isCut);
    setText(this.#note, this.#isPartial ? t("event.partial") : t("event.cut", { n: MAX_ENTRIES }));
  }
}

/** Entries from the task's record, for events no longer in the log. */
function fromRecord(task) {
  const entries = [];
  const add = (name, at, more = {}) => {
    if (at) entries.push({ key: `r${name}${at}`, name, time: Date.parse(at), ...more });
  };
  add("submitted", task.created_at, { status: "pending" });
  for (const error of task.errors) {
    add("attemptfailed", error.ended_at, {
      status: "failed", values: { n: error.attempt }, text: error.error,
    });
  }
  add("processing", task.started_at, {
    status: "processing", values: { n: task.attempt },
    text: task.worker_id ? t("event.on", { worker: task.worker_id }) : "",
  });
  add("cancelrequested", task.cancel_requested_at);
  add(task.status, task.completed_at, { status: task.status, text: task.error ?? "" });
  return entries;
}

function makeEntry() {
  const title = h("b");
  const text = h("p", { class: "muted event-text" });
  const time = h("time", { class: "muted" });
  const node = h("li", {}, h("div", { class: "event-head" }, title, time), text);
  return {
    node,
    update(entry) {
      setAttribute(node, "data-status", entry.status ?? "none");
      setAttribute(node, "data-event", entry.name);
      setText(title, t(`event.${entry.name}`, entry.values));
      setText(text, entry.text ?? "");
      show(text, Boolean(entry.text));
      setText(time, entry.time === entry.start
        ? clockTime(entry.time) : `+${span((entry.time - entry.start) / 1000)}`);
      setAttribute(time, "title", clockTime(entry.time));
    },
  };
}
