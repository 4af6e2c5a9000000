// A row of the task table.

import { canCancel, canRetry, cancelTask, retryTask } from "./actions.js";
import { h, setAttribute, setText, show } from "./dom.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";
import { progressBar, statusChip, taskLink, timeAgo, whyFailed, whyWaiting } from "./parts.js";
import { go } from "./router.js";

/** A row for `{task, name}`; `onDone()` is called after an action on the task. */
export function taskRow(first, onDone) {
  let { task } = first;
  const chip = statusChip(task.status);
  const reason = h("span", { class: "muted small-text" });
  const bar = progressBar(t("task.progress"));
  const attempt = h("span");
  const key = h("span", { class: "cut" });
  const error = h("span", { class: "row-error cut" });
  const created = timeAgo(Date.parse(task.created_at));
  const act = async (action) => {
    if (await action(task)) onDone();
  };
  const button = (name, picture, action) => h("button", {
    type: "button", class: "button square small", "aria-label": `${t(name)} ${task.id}`, title: t(name),
    on: { click: () => act(action) },
  }, icon(picture));
  const cancel = button("action.cancel", "cancel", cancelTask);
  const retry = button("action.retry", "retry", retryTask);
  const link = taskLink(task.id, first.name);
  const node = h(
    "tr",
    { "data-id": task.id, on: { click: open } },
    h("td", { class: "col-task" }, h("div", { class: "two-lines" },
      h("span", { class: "type-name cut", title: task.type }, task.type), link)),
    h("td", { class: "col-status" }, chip.node, reason),
    h("td", { class: "col-progress" }, bar.node, error),
    h("td", { class: "col-attempt" }, attempt),
    h("td", { class: "col-key" }, key),
    h("td", { class: "col-created" }, created.node),
    h("td", { class: "col-actions" }, cancel, retry),
  );

  function open(event) {
    if (event.target.closest("a, button") || getSelection().toString() !== "") return;
    go(`/tasks/${task.id}`);
  }

  function update(next) {
    ({ task } = next);
    setText(link, next.name);
    chip.update(task.status);
    setText(reason, whyWaiting(task) || whyFailed(task));
    bar.update(task.status === "processing" ? task.progress ?? 0 : task.progress, task.status);
    const isFailed = task.error !== null && task.status !== "success" && task.status !== "processing";
    setText(error, isFailed ? oneLine(task.error) : "");
    setAttribute(error, "title", isFailed ? task.error : null);
    show(error, isFailed);
    if (isFailed) show(bar.node, false);
    setText(attempt, t("tasks.attempt", { attempt: task.attempt, most: task.max_retry + 1 }));
    setText(key, task.concurrency_key ?? "");
    setAttribute(key, "title", task.concurrency_key);
    show(cancel, canCancel(task));
    show(retry, canRetry(task));
  }

  return { node, update };
}

/** An error on one line. The last line of a traceback is the actual error. */
function oneLine(text) {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  return (lines[0]?.startsWith("Traceback") ? lines.at(-1) : lines.join(" ⏎ ")) ?? "";
}
