// The details of a task, from its record.

import { h } from "./dom.js";
import { clockTime, number, span } from "./format.js";
import { t, word } from "./i18n.js";
import { emptyNote, whyFailed } from "./parts.js";
import { scheduledTick } from "./schedule-parts.js";
import { uniqueWords } from "./unique.js";

/** Number of attempt errors that the server keeps. */
const KEPT = 10;

const between = (from, to) => (Date.parse(to) - Date.parse(from)) / 1000;

/** The terms and values for a `dl`. */
export function taskFacts(task) {
  const time = (value) => (value === null ? null : clockTime(Date.parse(value)));
  const policy = task.retry_policy;
  const facts = [
    ["id", h("span", { class: "mono" }, task.id)],
    ["priority", number(task.priority)],
    ["attempt", number(task.attempt)],
    ["retries", t("fact.retries.of", { n: task.retry_count, max: task.max_retry })],
    ["ended", whyFailed(task)],
    ["worker", task.worker_id && h("span", { class: "mono" }, task.worker_id)],
    ["key", task.concurrency_key && t("fact.key.limit", {
      key: task.concurrency_key, n: task.max_concurrency,
    })],
    ["unique", task.unique_key],
    ["unique_rule", uniqueWords(task)],
    ["metadata", task.metadata && h("span", { class: "mono" }, task.rawMetadata)],
    ["scheduled", task.scheduled && scheduledTick(task.scheduled)],
    ["created", time(task.created_at)],
    ["run_at", task.run_at === task.created_at ? null : time(task.run_at)],
    ["started", time(task.started_at)],
    ["completed", time(task.completed_at)],
    ["wait", task.started_at && task.retry_count === 0 ? span(between(task.created_at, task.started_at)) : null],
    ["run", task.started_at && task.completed_at ? span(between(task.started_at, task.completed_at)) : null],
    ["queue_timeout", task.queue_timeout === 0 ? t("none") : span(task.queue_timeout)],
    ["process_timeout", task.process_timeout === 0 ? t("none") : span(task.process_timeout)],
    ["policy", t("fact.policy.text", {
      strategy: word("strategy", policy.strategy), delay: span(policy.delay), most: span(policy.max_delay),
      jitter: policy.jitter * 100,
    })],
    ["version", number(task.version)],
  ];
  return facts
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => [h("dt", {}, t(`fact.${name}`)), h("dd", {}, value)])
    .flat();
}

/** The errors of failed attempts, newest first. */
export function attemptErrors(task) {
  if (task.errors.length === 0) return emptyNote(t("task.errors.none"));
  const isCut = task.errors[0].attempt > 1 && task.errors.length >= KEPT;
  return [attemptList(task), isCut && h("p", { class: "muted small-text" }, t("task.errors.cut", { n: KEPT }))];
}

function attemptList(task) {
  return h("ol", { class: "errors" }, task.errors.toReversed().map((error) => h(
    "li",
    {},
    h("div", { class: "error-head" },
      h("b", {}, t("error.attempt", { n: error.attempt })),
      h("span", { class: "flag" }, word("kind", error.kind)),
      error.started_at && h("span", { class: "muted" },
        t("error.after", { span: span(between(error.started_at, error.ended_at)) })),
      h("span", { class: "muted" }, clockTime(Date.parse(error.ended_at))),
      error.worker_id && h("span", { class: "muted mono cut" }, error.worker_id)),
    h("pre", { class: "code error-text" }, error.error),
  )));
}
