// The table of tasks: filters, search by id, paging, and rows that move with the events.

import { api } from "./api.js";
import { h, KeyedList, setAttribute, setText, show } from "./dom.js";
import { number } from "./format.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";
import { emptyNote, refreshTimes } from "./parts.js";
import { go, setQuery } from "./router.js";
import { filterBar } from "./task-filters.js";
import { taskRow } from "./task-row.js";

/** The page is asked for again at most this often while events come. */
const PACE = 2000;
const SIZES = [25, 50, 100];

export function tasksView({ model, query }) {
  let tasks = [];
  let total = 0;
  let error = null;
  let isLive = true;
  let page = Math.max(1, Number.parseInt(query.get("page") ?? "1", 10) || 1);
  let size = SIZES.includes(Number(query.get("rows"))) ? Number(query.get("rows")) : SIZES[0];
  let isClosed = false;
  let isDirty = false;
  let askedAt = -Infinity;
  let lasted = 0;
  let timer = 0;
  let request = null;

  const filters = filterBar({ model, query, onChange: () => turnTo(1), onFind: (id) => go(`/tasks/${id}`) });
  const body = h("tbody");
  const rows = new KeyedList(body, (task) => taskRow(task, () => load()));
  const columns = ["task", "status", "progress", "attempt", "key", "created", "actions"];
  const table = h(
    "table",
    { class: "table tasks-table" },
    h("caption", { class: "off-screen" }, t("tasks.table")),
    h("thead", {}, h("tr", {}, columns.map((name) => h(
      "th", { scope: "col", class: `col-${name}` },
      name === "actions" ? h("span", { class: "off-screen" }, t(`col.${name}`)) : t(`col.${name}`))))),
    body,
  );
  const note = h("div");
  const range = h("span", { class: "muted", role: "status" });
  const pageButton = (name, picture, step) => h("button", {
    type: "button", class: "button square", "aria-label": t(name), title: t(name),
    on: { click: () => turnTo(page + step) },
  }, icon(picture));
  const previous = pageButton("tasks.previous", "back", -1);
  const next = pageButton("tasks.next", "next", 1);
  const sizes = h(
    "select",
    { id: "page-rows", "aria-label": t("tasks.size"), on: { change: () => { size = Number(sizes.value); turnTo(1); } } },
    SIZES.map((value) => h("option", { value }, String(value))),
  );
  sizes.value = String(size);
  const live = h("button", {
    type: "button", class: "button toggle", "aria-pressed": "true",
    on: { click: () => setLive(!isLive) },
  }, h("span", { class: "dot" }), t("tasks.live"));
  const node = h(
    "div",
    { class: "stack" },
    h("div", { class: "page-head" }, h("h1", {}, t("nav.tasks")), live),
    filters.node,
    h("div", { class: "table-box" }, table, note),
    h("div", { class: "pager" }, range,
      h("span", { class: "pager-side" }, h("label", { class: "inline" }, h("span", {}, t("tasks.size")), sizes),
        previous, next)),
  );

  function setLive(value) {
    isLive = value;
    setAttribute(live, "aria-pressed", String(value));
    live.title = t(value ? "tasks.live.on" : "tasks.live.off");
    if (value) load();
  }

  function turnTo(number_) {
    page = Math.max(1, number_);
    const words = filters.query();
    if (page > 1) words.set("page", String(page));
    if (size !== SIZES[0]) words.set("rows", String(size));
    setQuery(words);
    load();
  }

  async function load() {
    clearTimeout(timer);
    timer = 0;
    request?.abort();
    const controller = new AbortController();
    request = controller;
    isDirty = false;
    askedAt = performance.now();
    const words = filters.apiQuery();
    words.set("limit", String(size));
    words.set("offset", String((page - 1) * size));
    try {
      const answer = await api.tasks(words, controller.signal);
      if (isClosed || request !== controller) return;
      tasks = answer.tasks;
      total = answer.total;
      error = null;
    } catch (failure) {
      if (isClosed || failure.name === "AbortError") return;
      error = failure;
    }
    lasted = performance.now() - askedAt;
    request = null;
    node.dataset.loaded = String(Math.round(askedAt));
    render();
    if (isDirty) plan();
  }

  function plan() {
    isDirty = true;
    if (timer || request || !isLive) return;
    timer = setTimeout(load, Math.max(0, askedAt + Math.max(PACE, 10 * lasted) - performance.now()));
  }

  function render() {
    rows.update(tasks, (task) => task.id);
    const from = total === 0 ? 0 : (page - 1) * size + 1;
    setText(range, t("tasks.range", {
      from: number(from), to: number((page - 1) * size + tasks.length), total: number(total),
    }));
    previous.disabled = page <= 1;
    next.disabled = page * size >= total;
    const words = error ? t("load.failed", { message: error.message })
      : tasks.length === 0 ? t(filters.isActive() ? "tasks.none" : "tasks.none.all") : "";
    show(note, words !== "");
    if (note.textContent !== words) note.replaceChildren(...(words ? [emptyNote(words)] : []));
    show(table, tasks.length > 0);
  }

  /** Moves the rows that are shown, and puts new tasks on the first page; the API tells the rest soon. */
  function take(events) {
    if (!isLive) return;
    const shown = new Map(tasks.map((task) => [task.id, task]));
    const fresh = [];
    for (const event of events) {
      const task = shown.get(event.task_id);
      if (task) move(task, event);
      else if (event.previous_status === null && page === 1 && filters.matches(event)) {
        const made = provisional(event);
        fresh.push(made);
        shown.set(made.id, made);
      } else continue;
    }
    if (fresh.length > 0) {
      total += fresh.length;
      tasks = [...fresh.reverse(), ...tasks].slice(0, size);
    }
    plan();
  }

  load();
  return {
    node,
    take,
    paint() {
      filters.paint();
      if (isLive && tasks.length > 0) render();
    },
    reload: () => (isLive ? load() : undefined),
    tick: () => refreshTimes(body),
    close() {
      isClosed = true;
      clearTimeout(timer);
      request?.abort();
    },
  };
}

function move(task, event) {
  if (event.event === "progress") {
    if (task.status === "processing") task.progress = event.progress;
    return;
  }
  if (event.version <= task.version) return;
  task.version = event.version;
  task.status = event.status;
  task.retry_count = event.retry_count;
  task.error = event.error;
  task.pending_reason = null;
  task.worker_id = event.worker_id;
  if (event.status === "processing") task.progress = null;
}

/** What an event tells of a new task, until the API is asked. */
function provisional(event) {
  return {
    id: event.task_id, type: event.type, status: event.status, version: event.version,
    retry_count: event.retry_count, error: event.error, progress: null, pending_reason: null,
    attempt: null, max_retry: null, concurrency_key: null, created_at: event.timestamp,
  };
}
