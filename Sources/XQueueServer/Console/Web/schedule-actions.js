// The actions on schedules, each with its confirmation dialog and notification.

import { attempt } from "./actions.js";
import { api } from "./api.js";
import { confirm, notify } from "./dialog.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { whenWords } from "./schedule-parts.js";
import { Field } from "./submit-field.js";
import { outcome } from "./unique.js";

/** Maximum length of the reason for a pause, in bytes. */
const MAX_REASON = 4096;

/** Identifies the schedule in a dialog. */
export const subject = (schedule) => h("p", { class: "dialog-subject" },
  h("b", {}, schedule.name), h("span", {}, whenWords(schedule)));

/** Confirms, submits the schedule's task now, and returns the task; null if it was not submitted. */
export async function runSchedule(schedule) {
  const isSure = await confirm({
    title: t("confirm.run.title"), subject: subject(schedule), text: t("confirm.run.text"), yes: t("confirm.run.yes"),
  });
  if (!isSure) return null;
  const task = await attempt(() => api.runSchedule(schedule.name));
  if (task) {
    notify(outcome(task, "done.run", { name: schedule.name }), {
      link: { href: `#/tasks/${task.id}`, text: t("action.open") },
    });
  }
  return task;
}

/** Asks for a reason, pauses, and returns the schedule; null if it was not paused. */
export async function pauseSchedule(schedule) {
  const isTooLong = () => new TextEncoder().encode(field.value.trim()).length > MAX_REASON;
  const field = new Field("reason", {
    label: t("schedule.reason"), hint: t("schedule.reason.hint"),
    onInput() {
      if (field.hasError && !isTooLong()) field.error = null;
    },
  });
  const isSure = await confirm({
    title: t("confirm.pauseschedule.title"), subject: subject(schedule), text: t("confirm.pauseschedule.text"),
    yes: t("confirm.pauseschedule.yes"), extra: field.node,
    check() {
      field.error = isTooLong() ? t("invalid.long", { n: MAX_REASON }) : null;
      if (field.hasError) field.focus();
      return !field.hasError;
    },
  });
  if (!isSure) return null;
  const answer = await attempt(() => api.pauseSchedule(schedule.name, field.value.trim()));
  if (answer) notify(t("done.pause", { type: schedule.name }));
  return answer;
}

/** Resumes, and returns the schedule; null if that failed. */
export async function resumeSchedule(schedule) {
  const answer = await attempt(() => api.resumeSchedule(schedule.name));
  if (answer) notify(t("done.resume", { type: schedule.name }));
  return answer;
}

/** Confirms, and deletes the schedule, or explains why it cannot be deleted; returns whether it was. */
export async function deleteSchedule(schedule) {
  if (schedule.source === "file") {
    await confirm({
      title: t("confirm.delete.never", { type: schedule.name }), text: t("schedule.file.delete"), yes: null,
    });
    return false;
  }
  const isSure = await confirm({
    title: t("confirm.deleteschedule.title"), subject: subject(schedule), text: t("confirm.deleteschedule.text"),
    yes: t("confirm.deleteschedule.yes"), isDangerous: true,
  });
  if (!isSure) return false;
  const answer = await attempt(() => api.deleteSchedule(schedule.name));
  if (answer) notify(t("done.delete", { type: schedule.name }));
  return answer !== null;
}
