// Ties the parts together: one event stream, one model, one view at a time.

import { api } from "./api.js";
import { serverNow } from "./clock.js";
import { notify } from "./dialog.js";
import { FrameQueue } from "./frames.js";
import { t } from "./i18n.js";
import { Model } from "./model.js";
import { route } from "./router.js";
import { WINDOW } from "./series.js";
import { SECTIONS, shell } from "./shell.js";
import { EventStream } from "./stream.js";
import { loginView, maySee } from "./view-login.js";
import { overviewView } from "./view-overview.js";
import { submitView } from "./view-submit.js";
import { taskView } from "./view-task.js";
import { tasksView } from "./view-tasks.js";
import { typesView } from "./view-types.js";
import { workersView } from "./view-workers.js";

/** The page is painted at most this often: faster than the eye reads, slower than events may come. */
const PAINT_PACE = 100;
/** Of the past at most this many events are fetched to fill the charts. */
const PAST = 20_000;

const views = {
  overview: overviewView, tasks: tasksView, submit: submitView, types: typesView, workers: workersView,
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
let wasLost = false;
let paintedAt = -Infinity;
let paintTimer = 0;

function build() {
  const onLogout = session?.authentication ? logOut : null;
  frame = shell({ onLanguage: build, onRetry: () => stream?.retryNow(), onLogout });
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
  view = name === "tasks" && id ? taskView({ id, model }) : views[section]({ model, query });
  frame.mark(section);
  frame.main.replaceChildren(view.node);
  document.title = `${t(`nav.${section}`)} · XQueue`;
  if (!isFirst) {
    scrollTo(0, 0);
    frame.main.focus({ preventScroll: true });
  }
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
    if (!stream) begin();
  } else if (model.error) {
    setState("lost", "");
  }
  planPaint();
}

/** Begins with as much of the past as the charts show, unless that is too much. */
function begin() {
  const { rates } = model.stats;
  const perSecond = rates.submitted + rates.started + rates.succeeded + rates.failed;
  const seconds = Math.min(WINDOW, PAST / Math.max(1, perSecond));
  const after = String(Math.floor(serverNow() - seconds * 1000));
  stream = new EventStream({ after }, { message: (text) => queue.push(text), state: setState }).open();
}

function setState(next, reason) {
  state = [next, reason];
  frame.connection(next, reason);
  if (next === "lost") {
    wasLost = true;
  } else if (next === "live" && wasLost) {
    wasLost = false;
    notify(t("lost.back"));
    reload();
  }
}

function reload() {
  model.refresh({ isUrgent: true });
  view?.reload?.();
}

/** Gives up on what was missed and asks for the state. */
function restart() {
  if (stream) {
    stream.cursor = String(Math.floor(serverNow()));
    stream.retryNow();
  }
  reload();
}

function onEvents(messages) {
  const events = [];
  for (const message of messages) {
    if (message.cursor) stream.cursor = message.cursor;
    if (message.event === "status" || message.event === "progress") events.push(message);
    else if (message.event === "reset" && wasLive) reload();
    if (message.event !== "hello") wasLive = true;
  }
  if (events.length === 0) return;
  model.apply(events);
  view?.take?.(events);
  planPaint();
}

/** The first answer to a wish for the past may be that it is gone; nothing shown is wrong then. */
let wasLive = false;

/** Who the server takes this browser for; null until it has said so. */
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
    if (!document.hidden) view?.tick();
  }, 1000);
  build();
  model.refresh();
}

async function start() {
  try {
    session = await api.session();
  } catch {
    // The views say that the server cannot be reached, and go on trying.
  }
  if (session?.authentication && !maySee(session)) showLogin();
  else run();
}

start();
