// The buttons for the actions on a schedule.

import { h, setAttribute, setText, show } from "./dom.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";
import { deleteSchedule, pauseSchedule, resumeSchedule, runSchedule } from "./schedule-actions.js";
import { backfillSchedule } from "./schedule-backfill.js";
import { scheduleAddress } from "./schedule-parts.js";

/**
 * `{nodes, update(schedule)}`. `onDone()` is called after an action, `onDeleted()` after a deletion. The buttons of a row
 * are icons, and lead to the schedule's page, too.
 */
export function scheduleButtons({ onDone, onDeleted = onDone, isRow = false }) {
  let schedule = null;
  const nodes = [];
  const labels = [];

  function button(name, picture, action, kind = "") {
    const words = isRow ? null : h("span");
    const place = h("span", { class: "swap" }, icon(picture));
    const node = h("button", {
      type: "button", class: `button small ${isRow ? "square" : ""} ${kind}`, "data-action": name, on: { click: action },
    }, place, words);
    nodes.push(node);
    labels.push(() => label(node, words, name));
    return node;
  }

  /** An icon has its name as a hint; both say which schedule to screen readers. */
  function label(node, words, name) {
    const text = t(`action.${name}`);
    if (words) setText(words, text);
    else setAttribute(node, "title", text);
    setAttribute(node, "aria-label", `${text} ${schedule.name}`);
  }

  const act = (action, done = onDone) => async () => {
    if (await action(schedule)) done();
  };
  button("run", "run", act(runSchedule));
  const pause = button("pause", "pause", act(pauseSchedule));
  const resume = button("resume", "play", act(resumeSchedule));
  button("backfill", "backfill", act(backfillSchedule));
  if (isRow) {
    const edit = h("a", { class: "button small square", "data-action": "editschedule" }, icon("edit"));
    nodes.push(edit);
    labels.push(() => {
      label(edit, null, "editschedule");
      setAttribute(edit, "href", scheduleAddress(schedule.name));
    });
  }
  button("delete", "remove", act(deleteSchedule, onDeleted), isRow ? "" : "danger-quiet");

  return {
    nodes,
    update(next) {
      const isNew = schedule?.name !== next.name;
      schedule = next;
      if (isNew) for (const write of labels) write();
      // Hiding the focused one would lose the focus.
      const focused = document.activeElement;
      show(pause, !schedule.paused);
      show(resume, schedule.paused);
      if (focused === pause && schedule.paused) resume.focus();
      if (focused === resume && !schedule.paused) pause.focus();
    },
  };
}
