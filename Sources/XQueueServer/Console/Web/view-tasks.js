// The table of tasks: filters, search by ID, paging, and rows updated by events.

import { api, MAX_OFFSET } from "./api.js";
import { h, setAttribute, setText, show } from "./dom.js";
import { explain, t } from "./i18n.js";
import { icon } from "./icons.js";
import { emptyNote, firstTask, refreshTimes } from "./parts.js";
import { go, rememberTasks, setQuery } from "./router.js";
import { filterBar } from "./task-filters.js";
import { TaskRows } from "./task-rows.js";

/** Minimum time between reloads of the page caused by events, in milliseconds. */
const PACE = 1000;
const SIZES = [25, 50, 100];

export function tasksView({ model, query }) {
  /** Number of tasks on all pages; null until known. */
  let total = null;
  let error = null;
  /** Whether the rows shown belong to another page or filter than the one requested. */
  let isNew = true;
  let isLive = true;
  let page = Math.max(1, Number.parseInt(query.get("page") ?? "1", 10) || 1);
  let size = SIZES.includes(Number(query.get("rows"))) ? Number(query.get("rows")) : SIZES[0];
  let isClosed = false;
  let isDirty = false;
  let askedAt = -Infinity;
  let lasted = 0;
  let timer = 0;
  let request = null;
  /** Cursors of visited pages that are beyond the maximum offset. */
  const cursors = new Map();

  const filters = filterBar({ model, query, onChange: () => turnTo(1), onFind: (id) => go(`/tasks/${id}`) });
  const rows = new TaskRows(() => load(), () => render());
  const columns = ["task", "status", "progress", "attempt", "key", "created", "actions"];
  const table = h(
    "table",
    { class: "table tasks-table" },
    h("caption", { class: "off-screen" }, t("tasks.table")),
    h("thead", {}, h("tr", {}, columns.map((name) => h(
      "th", { scope: "col", class: `col-${name}` },
      name === "actions" ? h("span", { class: "off-screen" }, t(`col.${name}`)) : t(`col.${name}`))))),
    rows.node,
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

  /** Where a page begins; null if it is beyond the maximum offset and the previous page was not visited. */
  function placeOf(number_) {
    const offset = (number_ - 1) * size;
    if (offset <= MAX_OFFSET) return { offset };
    return cursors.has(number_) ? { after: cursors.get(number_) } : null;
  }

  function turnTo(number_) {
    page = Math.max(1, number_);
    if (page === 1) cursors.clear();
    const words = filters.query();
    if (page > 1) words.set("page", String(page));
    if (size !== SIZES[0]) words.set("rows", String(size));
    setQuery(words);
    rememberTasks(words);
    isNew = true;
    load();
  }

  async function load() {
    clearTimeout(timer);
    timer = 0;
    request?.abort();
    const place = placeOf(page);
    if (!place) return turnTo(Math.floor(MAX_OFFSET / size) + 1);
    const controller = new AbortController();
    request = controller;
    isDirty = false;
    askedAt = performance.now();
    rows.asked();
    try {
      const answer = await api.page(filters.apiQuery(), place, size, controller.signal);
      if (isClosed || request !== controller) return undefined;
      if (answer.next) cursors.set(page + 1, answer.next);
      else cursors.delete(page + 1);
      rows.take(answer.tasks, isNew);
      isNew = false;
      total = answer.total;
      error = null;
    } catch (failure) {
      if (isClosed || failure.name === "AbortError") return undefined;
      rows.failed();
      error = failure;
    }
    lasted = performance.now() - askedAt;
    request = null;
    // The page no longer exists, since tasks have been removed.
    if (!error && rows.count === 0 && total > 0) return turnTo(Math.ceil(total / size));
    node.dataset.loaded = String(Math.round(askedAt));
    render();
    if (isDirty) plan();
    return undefined;
  }

  function plan() {
    isDirty = true;
    if (timer || request || !isLive) return;
    timer = setTimeout(load, Math.max(0, askedAt + Math.max(PACE, 10 * lasted) - performance.now()));
  }

  function render() {
    rows.render();
    const from = total === 0 ? 0 : (page - 1) * size + 1;
    setText(range, total === null ? "" : t("tasks.range", { from, to: (page - 1) * size + rows.count, total }));
    previous.disabled = page <= 1;
    next.disabled = total === null || page * size >= total || !placeOf(page + 1);
    const words = error ? t("load.failed", { message: explain(error) })
      : total !== null && rows.isEmpty ? t(filters.isActive() ? "tasks.none" : "tasks.none.all") : "";
    show(note, words !== "");
    if (note.dataset.words !== words) {
      note.dataset.words = words;
      const isFirst = !error && !filters.isActive();
      note.replaceChildren(...(words ? [emptyNote(words, isFirst && firstTask())] : []));
    }
    show(table, !rows.isEmpty);
  }

  /** Updates the rows shown; a reload soon adds and removes rows. */
  function take(events) {
    if (!isLive) return;
    rows.move(events);
    if (events.some((event) => event.event === "status")) plan();
  }

  rememberTasks(query);
  load();
  return {
    node,
    take,
    paint() {
      filters.paint();
      if (isLive && !rows.isEmpty) render();
    },
    reload: () => (isLive ? load() : undefined),
    tick: () => refreshTimes(rows.node),
    close() {
      isClosed = true;
      clearTimeout(timer);
      rows.close();
      request?.abort();
    },
  };
}
