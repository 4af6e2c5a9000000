// The application: one event stream, one model, one view at a time.

import { api } from "./api.js";
import { serverNow } from "./clock.js";
import { notify } from "./dialog.js";
import { FrameQueue } from "./frames.js";
import { explain, t } from "./i18n.js";
import { Model } from "./model.js";
import { fetchPast } from "./past.js";
import { route } from "./router.js";
import { SECTIONS, shell } from "./shell.js";
import { EventStream } from "./stream.js";
import { loginView, maySee } from "./view-login.js";
import { overviewView } from "./view-overview.js";
import { scheduleView } from "./view-schedule.js";
import { schedulesView } from "./view-schedules.js";
import { submitView } from "./view-submit.js";
import { taskView } from "./view-task.js";
import { tasksView } from "./view-tasks.js";
import { typesView } from "./view-types.js";
import { workersView } from "./view-workers.js";

/** Minimum time between repaints, in milliseconds: events may arrive much faster than anyone can read. */
const PAINT_PACE = 100;
/** Maximum expected delay of events, in milliseconds: younger seconds do not count as complete. */
const TRANSIT = 1500;

const views = {
  overview: overviewView, tasks: tasksView, schedules: schedulesView, submit: submitView, types: typesView,
  workers: workersView,
};

const root = document.getElementById("app");
const model = new Model(onSnapshot);
const queue = new FrameQueue(onEvents, restart);

let stream = null;
let frame = null;
let view = null;
let shownAt = "";
let version = null;
let state = ["connecting", ""];
/** The state of the event stream alone: it may be open although the server does not reply. */
let streamState = ["connecting", ""];
let wasLost = false;
let paintedAt = -Infinity;
let paintTimer = 0;
/** The part of the charts covered by this connection's events. */
let span = null;
/** The cursor where these events began, until the store's time is known. */
let begun = null;
let isFresh = true;
let isPastKnown = false;
/** The cursors of the events received since then, while past events are being fetched. */
let seenCursors = null;

function build() {
  const onLogout = session?.authentication ? logOut : null;
  frame = shell({ onLanguage: build, onRetry, onLogout });
  root.replaceChildren(...frame.nodes);
  frame.connection(...state);
  shownAt = "";
  open();
}

function open() {
  const { name, id, query } = route();
  const section = SECTIONS.includes(name) ? name : "overview";
  const isFirst = shownAt === "";
  if (location.hash === shownAt && !isFirst) return;
  shownAt = location.hash || "#/";
  view?.close();
  view = pageOf(name, id, query) ?? views[section]({ model, query });
  frame.mark(section);
  frame.main.replaceChildren(view.node);
  document.title = `${t(`nav.${section}`)} · XQueue`;
  if (!isFirst) {
    scrollTo(0, 0);
    frame.main.focus({ preventScroll: true });
  }
}

/** The page of one task or schedule; undefined for any other address. */
function pageOf(name, id, query) {
  if (name === "tasks" && id) return taskView({ id, model });
  if (name === "schedules" && (id || query.has("new"))) return scheduleView({ name: id });
  return undefined;
}

function paint() {
  clearTimeout(paintTimer);
  paintTimer = 0;
  paintedAt = performance.now();
  view?.paint();
}

function planPaint() {
  if (paintTimer) return;
  const wait = paintedAt + PAINT_PACE - performance.now();
  if (wait <= 0) paint();
  else paintTimer = setTimeout(() => requestAnimationFrame(paint), wait);
}

function onSnapshot() {
  if (model.stats) {
    if (version !== null && version !== model.stats.version) frame.upgraded();
    version = model.stats.version;
    if (begun && !model.error) beginCharts();
  }
  showState();
  planPaint();
}

/** Starts the charts: from now on events fill them; past events are fetched once. */
function beginCharts() {
  const end = serverNow();
  span = model.series.beginCover(end);
  if (!isPastKnown) {
    const done = () => { seenCursors = null; };
    fetchPast(model.series, model.stats.rates, { until: begun, end, seenCursors: seenCursors ?? new Set(), done });
  }
  isPastKnown = true;
  begun = null;
  // The current second will be complete in the next reply.
  model.refresh();
}

function onStream(next, reason) {
  streamState = [next, reason];
  if (next === "live" && model.isLost) model.refresh({ isUrgent: true });
  showState();
}

/** Shows the combined state: the stream may be open although the server cannot reach its store. */
function showState() {
  const [next, reason] = model.isLost && streamState[0] !== "lost"
    ? [model.error.status === 0 ? "lost" : "failing", explain(model.error)] : streamState;
  if (state[0] === next) return;
  state = [next, reason];
  frame.connection(next, reason);
  if (next === "lost" || next === "failing") {
    wasLost = true;
    model.refresh();
  } else if (next === "live" && wasLost) {
    wasLost = false;
    notify(t("lost.back"));
    reload();
  }
}

function onRetry() {
  stream.retryNow();
  model.refresh({ isUrgent: true });
}

function reload() {
  model.refresh({ isUrgent: true });
  view?.reload?.();
}

/** Gives up on missed events and restarts from the current state. */
function restart() {
  isFresh = true;
  stream.cursor = null;
  stream.retryNow();
}

/** Events arrive from this cursor on. Anything loaded earlier may be out of date, so reload it. */
function beginAt(cursor) {
  isFresh = false;
  begun = cursor;
  span = null;
  seenCursors = isPastKnown ? null : new Set();
  reload();
}

function onEvents(messages) {
  const events = [];
  const ticks = [];
  for (const message of messages) {
    if (message.event === "status" || message.event === "progress") {
      events.push(message);
      seenCursors?.add(message.cursor);
    } else if (message.event === "schedule") {
      ticks.push(message);
    } else if (message.event === "reset" || (message.event === "hello" && isFresh)) {
      beginAt(message.cursor);
    }
    if (message.cursor) stream.cursor = message.cursor;
  }
  if (events.length > 0) {
    model.apply(events);
    view?.take?.(events);
    if (span) model.series.cover(span, Date.parse(events.at(-1).timestamp));
  }
  if (ticks.length > 0) view?.takeTicks?.(ticks);
  coverUpToNow();
  planPaint();
}

/** Extends the covered part: if a live server sends no events, nothing has happened. */
function coverUpToNow() {
  if (!span || state[0] !== "live" || !queue.isEmpty) return;
  model.series.cover(span, serverNow() - stream.silence - TRANSIT);
}

/** The browser's session; null until known. */
let session = null;

async function logOut() {
  try {
    await api.logOut();
  } finally {
    location.reload();
  }
}

function showLogin() {
  const login = loginView({ onLogin: () => location.reload(), onLanguage: showLogin });
  document.title = `${t("login.title")} · XQueue`;
  root.replaceChildren(login.node);
  login.focus();
}

function run() {
  addEventListener("hashchange", open);
  addEventListener("xqueue:locked", () => location.reload(), { once: true });
  setInterval(() => {
    coverUpToNow();
    if (!document.hidden) view?.tick();
  }, 1000);
  build();
  stream = new EventStream({}, { message: (text) => queue.push(text), state: onStream }).open();
  model.refresh();
}

async function start() {
  try {
    session = await api.session();
  } catch {
    // The views report that the server is unreachable, and keep retrying.
  }
  if (session?.authentication && !maySee(session)) showLogin();
  else run();
}

start();
