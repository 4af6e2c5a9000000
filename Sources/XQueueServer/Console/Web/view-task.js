// The page of one task.

import { canCancel, canRetry, cancelTask, resubmitTask, retryTask } from "./actions.js";
import { api } from "./api.js";
import { h, replace, setAttribute, setText, show } from "./dom.js";
import { explain, t } from "./i18n.js";
import { icon } from "./icons.js";
import { shortID } from "./ids.js";
import { pretty } from "./json.js";
import { isOver } from "./model.js";
import {
  card, copyButton, emptyNote, progressBar, refreshTimes, statusChip, textBlock, whyFailed, whyWaiting,
} from "./parts.js";
import { go, listAddress } from "./router.js";
import { canEdit, editTask } from "./task-edit.js";
import { attemptErrors, taskFacts } from "./task-facts.js";
import { TaskTimeline } from "./task-timeline.js";

/** Minimum time between reloads of the record caused by events, in milliseconds. */
const PACE = 250;

export function taskView({ id }) {
  let task = null;
  let isClosed = false;
  let isAsking = false;
  let isDirty = false;
  let askedAt = -Infinity;
  let timer = 0;

  const chip = statusChip("pending");
  const asked = h("span", { class: "flag", hidden: true }, t("task.cancelrequested"));
  const why = h("span", { class: "muted" });
  const title = h("h1", { class: "cut" }, shortID(id));
  const button = (name, picture, kind, action) => h("button", {
    type: "button", class: `button ${kind}`, "data-action": name,
    on: {
      click: async () => {
        const answer = await action(task);
        if (!answer) return;
        if (answer.id === task.id) load();
        else go(`/tasks/${answer.id}`);
      },
    },
  }, icon(picture), t(`action.${name}`));
  const cancel = button("cancel", "cancel", "danger-quiet", cancelTask);
  const retry = button("retry", "retry", "", retryTask);
  const edit = button("edittask", "edit", "", editTask);
  const resubmit = button("resubmit", "again", "", resubmitTask);
  const bar = progressBar(t("task.progress"));
  const step = h("p", { class: "muted", role: "status" });
  const progress = h("div", { class: "progress-panel", hidden: true }, bar.node, step);
  const facts = h("dl", { class: "facts" });
  const payload = h("div");
  const result = h("div");
  const errors = h("div");
  const timeline = new TaskTimeline(id, onEvent);
  const note = h("div");
  const whole = h(
    "div",
    { class: "stack", hidden: true },
    h("div", { class: "page-head" },
      h("div", { class: "task-title" }, title, chip.node, why, asked),
      h("div", { class: "actions" }, cancel, edit, retry, resubmit)),
    progress,
    h("div", { class: "columns task-columns" },
      h("div", { class: "stack" },
        card(t("task.payload"), { name: "payload", aside: copyButton(() => task.rawPayload) }, payload),
        card(t("task.result"), { name: "result" }, result),
        card(t("task.errors"), { name: "errors" }, errors)),
      h("div", { class: "stack" },
        card(t("task.timeline"), { name: "timeline" }, timeline.node),
        card(t("task.facts"), { name: "facts", aside: copyButton(() => id, t("fact.id")) }, facts))),
  );
  const node = h(
    "div",
    { class: "stack" },
    h("a", { class: "back", href: listAddress() }, icon("back"), t("task.back")),
    note, whole,
  );

  async function load() {
    clearTimeout(timer);
    timer = 0;
    if (isAsking) {
      isDirty = true;
      return;
    }
    isAsking = true;
    isDirty = false;
    askedAt = performance.now();
    try {
      const answer = await api.task(id);
      if (isClosed) return;
      if (task === null) timeline.open(answer);
      const isNewer = task === null || answer.version >= task.version;
      if (isNewer) take(answer);
    } catch (error) {
      if (isClosed) return;
      if (error.code === "not_found") {
        fail(t("task.notfound", { id }), h("p", { class: "muted" }, t("task.notfound.text")));
      } else if (task === null) {
        fail(t("load.failed", { message: explain(error) }));
      }
    } finally {
      isAsking = false;
    }
    if (isDirty) plan();
  }

  function plan() {
    isDirty = true;
    if (timer || isAsking) return;
    timer = setTimeout(load, Math.max(0, askedAt + PACE - performance.now()));
  }

  function fail(words, ...more) {
    show(whole, false);
    replace(note, emptyNote(words, more));
  }

  function take(next) {
    const old = task;
    task = next;
    show(whole, true);
    replace(note);
    render();
    if (old?.rawPayload !== task.rawPayload) replace(payload, textBlock(pretty(task.rawPayload), t("task.payload")));
    if (!old || old.rawResult !== task.rawResult || isOver(old.status) !== isOver(task.status)) {
      const words = isOver(task.status) ? t("task.result.null") : t("task.result.none");
      replace(result, task.result === null
        ? emptyNote(words) : textBlock(pretty(task.rawResult), t("task.result")));
    }
    if (!old || JSON.stringify(old.errors) !== JSON.stringify(task.errors)) replace(errors, attemptErrors(task));
    timeline.know(task);
  }

  function render() {
    setText(title, task.type);
    setAttribute(title, "title", task.type);
    chip.update(task.status);
    setText(why, whyWaiting(task) || whyFailed(task));
    show(why, why.textContent !== "");
    show(asked, task.cancel_requested_at !== null && !isOver(task.status));
    show(cancel, canCancel(task));
    show(edit, canEdit(task));
    show(retry, canRetry(task));
    const isShown = task.status === "processing" || task.progress !== null;
    show(progress, isShown);
    setAttribute(progress, "data-status", task.status);
    bar.update(isShown ? task.progress ?? 0 : null, task.status);
    setText(step, task.progress_message ?? "");
    show(step, task.progress_message !== null);
    replace(facts, taskFacts(task));
  }

  function onEvent(event) {
    if (task === null) return;
    if (event.event === "status") {
      if (event.version <= task.version) return;
      task = {
        ...task, version: event.version, status: event.status, retry_count: event.retry_count, pending_reason: null,
      };
      if (event.status === "processing") task = { ...task, progress: null, progress_message: null };
      render();
      plan();
    } else if (task.status === "processing") {
      task = { ...task, progress: event.progress, progress_message: event.progress_message };
      render();
    }
  }

  load();
  return {
    node,
    take() {},
    paint() {},
    reload: load,
    tick: () => refreshTimes(node),
    close() {
      isClosed = true;
      clearTimeout(timer);
      timeline.close();
    },
  };
}
