// A row of the table of schedules.

import { h, setAttribute, setText, show } from "./dom.js";
import { t } from "./i18n.js";
import { timeAgo } from "./parts.js";
import { scheduleButtons } from "./schedule-buttons.js";
import { ruleText, runMarks, scheduleAddress, scheduleChip, tickCounts, tickTimes, whenWords } from "./schedule-parts.js";

/** `onDone()` is called after an action on the schedule. */
export function scheduleRow(first, onDone) {
  const chip = scheduleChip();
  const file = h("span", { class: "flag calm", title: t("schedule.file.edit") }, t("schedule.file"));
  const reason = h("span", { class: "muted small-text pause-reason" });
  const type = h("a", { class: "small-text" });
  const words = h("span");
  const rule = h("span", { class: "muted mono" });
  const next = tickTimes();
  const relative = timeAgo(0);
  const last = timeAgo(0);
  const never = h("span", { class: "muted" }, t("schedule.never"));
  const runs = runMarks();
  const counts = tickCounts();
  const buttons = scheduleButtons({ onDone, isRow: true });
  const node = h(
    "tr",
    { "data-schedule": first.name },
    h("th", { scope: "row", class: "col-name" },
      h("a", { class: "schedule-name", href: scheduleAddress(first.name) }, first.name),
      h("div", { class: "name-line" }, chip.node, file, type), reason),
    h("td", { class: "col-when" }, h("div", { class: "two-lines" }, words, rule)),
    h("td", { class: "col-next", "data-label": t("schedules.next") },
      h("div", {}, next.node, h("span", { class: "muted small-text" }, relative.node))),
    h("td", { class: "col-last", "data-label": t("schedules.last") }, h("div", {}, last.node, never, runs.node)),
    h("td", { class: "col-counts", "data-label": t("schedules.ticks") }, counts.node),
    h("td", { class: "col-actions" }, buttons.nodes),
  );

  function update(schedule) {
    chip.update(schedule);
    show(file, schedule.source === "file");
    setText(reason, schedule.pause_reason ?? "");
    show(reason, Boolean(schedule.pause_reason));
    setText(type, schedule.task.type);
    setAttribute(type, "href", `#/tasks?type=${encodeURIComponent(schedule.task.type)}`);
    const text = whenWords(schedule);
    setText(words, text);
    setText(rule, ruleText(schedule));
    show(rule, rule.textContent !== text);
    const hasNext = schedule.next_at !== null && schedule.next.length > 0;
    next.update(hasNext ? schedule.next[0] : null, schedule.time_zone);
    show(relative.node, hasNext);
    if (hasNext) relative.update(Date.parse(schedule.next_at));
    const hasRun = schedule.last_at !== null;
    show(last.node, hasRun);
    show(never, !hasRun);
    if (hasRun) last.update(Date.parse(schedule.last_at));
    runs.update(schedule.runs);
    counts.update(schedule.counts);
    buttons.update(schedule);
  }

  return { node, update };
}
