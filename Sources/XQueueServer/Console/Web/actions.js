// The actions on tasks and types, each with its confirmation dialog and notification.

import { api } from "./api.js";
import { checkNumber } from "./checks.js";
import { confirm, notify } from "./dialog.js";
import { h } from "./dom.js";
import { explain, t } from "./i18n.js";
import { isOver, STATUSES } from "./model.js";
import { resubmission } from "./submission.js";
import { Field } from "./submit-field.js";
import { outcome } from "./unique.js";

/** Maximum concurrency limit of a type. */
const MAX_LIMIT = 1_000_000;

export const canCancel = (task) => !isOver(task.status);
export const canRetry = (task) => ["failed", "canceled", "timeout"].includes(task.status);

/** Returns the result of `call()`; null, with a notification, if it fails. */
export async function attempt(call) {
  try {
    return await call();
  } catch (error) {
    notify(t("failed.action", { message: explain(error) }), { isError: true });
    return null;
  }
}

/** Identifies the task in a dialog. */
export const subject = (task) => h("p", { class: "dialog-subject" }, h("b", {}, task.type), h("span", { class: "mono" }, task.id));

/** Confirms, cancels, and returns the updated task; null if it was not canceled. */
export async function cancelTask(task) {
  const isSure = await confirm({
    title: t("confirm.cancel.title"),
    subject: subject(task),
    text: t(task.status === "pending" ? "confirm.cancel.pending" : "confirm.cancel.processing"),
    yes: t("confirm.cancel.yes"),
    isDangerous: true,
  });
  if (!isSure) return null;
  const answer = await attempt(() => api.cancel(task.id));
  if (answer) notify(t(answer.task.status === "canceled" ? "done.cancel" : "done.cancel.asked"));
  return answer?.task ?? null;
}

/** Confirms, requeues the task, and returns it. */
export async function retryTask(task) {
  const isSure = await confirm({
    title: t("confirm.retry.title"), subject: subject(task), text: t("confirm.retry.text"), yes: t("confirm.retry.yes"),
  });
  if (!isSure) return null;
  const answer = await attempt(() => api.retry(task.id));
  if (answer) notify(t("done.retry"));
  return answer;
}

/** Confirms, and submits a new task like this one, whose record must be complete. */
export async function resubmitTask(task) {
  const isSure = await confirm({
    title: t("confirm.resubmit.title"),
    subject: subject(task),
    text: t("confirm.resubmit.text"),
    yes: t("confirm.resubmit.yes"),
    extra: h("p", {}, h("a", { href: `#/submit?from=${task.id}` }, t("action.edit"))),
  });
  if (!isSure) return null;
  const answer = await attempt(() => api.submit(resubmission(task)));
  if (answer) notify(outcome(answer, "done.resubmit"));
  return answer;
}

/** Pauses a type, after confirmation, or resumes it. */
export async function setPaused(type, isPaused) {
  if (isPaused) {
    const isSure = await confirm({
      title: t("confirm.pause.title", { type }), text: t("confirm.pause.text"), yes: t("confirm.pause.yes"),
    });
    if (!isSure) return null;
  }
  const answer = await attempt(() => (isPaused ? api.pause(type) : api.resume(type)));
  if (answer) notify(t(isPaused ? "done.pause" : "done.resume", { type }));
  return answer;
}

/** Asks for the concurrency limit of a type, and sets it. */
export async function setLimit({ type, max_concurrency: present }) {
  const problem = () => {
    const text = field.value.trim();
    return text === "" ? null : checkNumber(text, 1, MAX_LIMIT, true);
  };
  const field = new Field("limit", {
    label: t("limit.field"), hint: t("limit.hint"), mode: "numeric", placeholder: t("types.limit.none"),
    onInput() {
      if (field.hasError && !problem()) field.error = null;
    },
  });
  field.value = present === null ? "" : String(present);
  const isSure = await confirm({
    title: t("limit.title", { type }), text: t("limit.text"), yes: t("limit.yes"), extra: field.node,
    check() {
      field.error = problem();
      if (field.hasError) field.focus();
      return !field.hasError;
    },
  });
  if (!isSure) return null;
  const text = field.value.trim();
  const limit = text === "" ? null : Number(text);
  const answer = await attempt(() => api.limit(type, limit));
  if (answer) notify(limit === null ? t("done.nolimit", { type }) : t("done.limit", { type, n: limit }));
  return answer;
}

/** Why a type cannot be deleted; null if it can. */
function whyKept(type) {
  const tasks = STATUSES.reduce((sum, status) => sum + type[status], 0);
  if (tasks > 0) return t("confirm.delete.tasks", { n: tasks });
  return type.has_handler ? t("confirm.delete.handler") : null;
}

/** Confirms, and deletes an unused type, or explains why it cannot be deleted; returns whether it was. */
export async function deleteType(entry) {
  const { type } = entry;
  const obstacle = whyKept(entry);
  if (obstacle !== null) {
    await confirm({ title: t("confirm.delete.never", { type }), text: obstacle, yes: null });
    return false;
  }
  const isSure = await confirm({
    title: t("confirm.delete.title", { type }), text: t("confirm.delete.text"), yes: t("confirm.delete.yes"),
    isDangerous: true,
  });
  if (!isSure) return false;
  const answer = await attempt(() => api.deleteType(type));
  if (answer) notify(t("done.delete", { type }));
  return answer !== null;
}
