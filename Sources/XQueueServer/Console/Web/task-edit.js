// Editing a task that waits, in a dialog.

import { attempt, subject } from "./actions.js";
import { api } from "./api.js";
import { confirm, notify } from "./dialog.js";
import { h, show } from "./dom.js";
import { t } from "./i18n.js";
import { pretty } from "./json.js";
import { mergePatch, UnpatchableError } from "./merge-patch.js";
import { body, fieldsOf, read } from "./submission.js";
import { submitForm } from "./submit-form.js";

export const canEdit = (task) => task.status === "pending";

/** Asks for changes until the server takes them, and returns the task; null if it was not edited. */
export async function editTask({ id }) {
  const form = submitForm({ isEdit: true });
  const reload = h("button", { type: "button", class: "button small", hidden: true, on: { click: load } }, t("schedule.reload"));
  /** The task as the form was filled from, and the members that the form then held. */
  let base = null;
  let held = [];
  let edited = null;

  function fill(task) {
    base = task;
    const fields = fieldsOf(task);
    form.fill({ ...fields, payload: pretty(fields.payload) });
    held = read(form.values()).members;
    show(reload, false);
  }

  /** Starts again from the current version. */
  async function load() {
    try {
      const task = await api.task(id);
      if (canEdit(task)) fill(task);
      else form.say(t("code.not_pending"));
      form.focus();
    } catch (error) {
      form.fail(error);
    }
  }

  /** What the form changes, as a merge patch. */
  function patch(members) {
    // A member that is null is as if left out; so is the time of a task that runs now.
    const to = members.filter(([, text]) => text !== "null");
    const from = form.values().when === "now" ? [...held, ["run_at", JSON.stringify(base.run_at)]] : held;
    return mergePatch(body(from), body(to));
  }

  async function save() {
    const members = form.read();
    if (members === null) return false;
    form.say("");
    try {
      const changes = patch(members);
      if (changes !== "{}") edited = await api.edit(id, changes, base.version);
      return true;
    } catch (error) {
      fail(error);
      return false;
    }
  }

  function fail(error) {
    if (error instanceof UnpatchableError) {
      form.failField(error.path[0], t("edit.null", { name: error.message }));
    } else if (error.code === "version_conflict") {
      form.say(t("edit.conflict"));
      show(reload, true);
      reload.focus();
    } else {
      form.fail(error);
    }
  }

  const task = await attempt(() => api.task(id));
  if (task === null) return null;
  if (!canEdit(task)) {
    notify(t("failed.action", { message: t("code.not_pending") }), { isError: true });
    return task;
  }
  fill(task);
  const answer = confirm({
    title: t("edit.title"), subject: subject(task), text: t("edit.text"), yes: t("edit.yes"), check: save,
    extra: h("div", { class: "form" }, form.nodes, reload),
  });
  form.focus();
  const isSure = await answer;
  if (!isSure || edited === null) return null;
  notify(t("done.edit"));
  return edited;
}
