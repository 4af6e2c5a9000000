// Small components that show a schedule.

import { h, KeyedList, setAttribute, setText, show } from "./dom.js";
import { clockTime } from "./format.js";
import { language, t, word } from "./i18n.js";
import { readerTime, zoneTime } from "./zones.js";

export const scheduleAddress = (name) => `#/schedules/${encodeURIComponent(name)}`;

/** The expression or the period, as entered. */
export function ruleText(schedule) {
  if (schedule.cron) return schedule.cron;
  return t(schedule.offset ? "schedule.every.offset" : "schedule.every", { every: schedule.every, offset: schedule.offset });
}

/** When it fires, in words; the expression if the server has none, as for a time zone that it does not know. */
export const whenWords = (schedule) => schedule.explain?.[language()] || ruleText(schedule);

/** Whether it is active, paused, or without further ticks: `{node, update(schedule)}`. */
export function scheduleChip() {
  const node = h("span", { class: "chip" });
  return {
    node,
    update(schedule) {
      const hasEnded = !schedule.paused && schedule.next_at === null;
      setAttribute(node, "data-status", schedule.paused ? "timeout" : hasEnded ? "canceled" : "success");
      setText(node, t(schedule.paused ? "paused" : hasEnded ? "schedule.ended" : "schedule.active"));
    },
  };
}

/** A tick in the schedule's zone, and below in the reader's unless both show the same: `{node, update(tick, zone)}`. */
export function tickTimes() {
  const first = h("time");
  const zoneName = h("span", { class: "muted small-text" });
  const second = h("span", { class: "muted small-text" });
  const node = h("div", { class: "tick-times" }, h("span", {}, first, " ", zoneName), second);
  return {
    node,
    update(tick, zone) {
      if (!tick) {
        setAttribute(first, "datetime", null);
        setText(first, "–");
        setText(zoneName, "");
        show(second, false);
        return;
      }
      const there = zoneTime(tick.local);
      const here = readerTime(Date.parse(tick.at));
      setAttribute(first, "datetime", tick.local);
      setAttribute(first, "title", tick.local);
      setText(first, there.text);
      setText(zoneName, zone);
      show(second, there.offset !== here.offset);
      setText(second, t("schedule.yours", { time: here.text }));
    },
  };
}

/** The last runs, newest last, each a mark that links to its task: `{node, update(runs)}`. */
export function runMarks() {
  const node = h("ol", { class: "runs", "aria-label": t("schedule.runs") });
  const keyed = new KeyedList(node, runMark);
  return { node, update: (runs) => keyed.update((runs ?? []).toReversed(), (run) => `${run.tick} ${run.task_id}`) };
}

function runMark(run) {
  const words = h("span", { class: "off-screen" });
  const link = h("a", { class: "run" }, words);
  return {
    node: h("li", {}, link),
    update({ status }) {
      const time = readerTime(Date.parse(run.tick)).text;
      const text = status === null
        ? t("schedule.run.pruned", { time }) : t("schedule.run", { time, status: word("status", status) });
      setAttribute(link, "data-status", status);
      setAttribute(link, "href", status === null ? null : `#/tasks/${run.task_id}`);
      setAttribute(link, "title", text);
      setText(words, text);
    },
  };
}

/** How many ticks fired, and how many did not: `{node, update(counts)}`. */
export function tickCounts() {
  const fired = h("span");
  const others = ["late", "skipped", "missed"].map((name) => [name, h("span", { title: t(`schedule.${name}.long`) })]);
  const node = h("div", { class: "tick-counts" }, fired, others.map(([, entry]) => entry));
  return {
    node,
    update(counts) {
      setText(fired, t("schedule.fired", { n: counts.fired }));
      for (const [name, entry] of others) {
        setAttribute(entry, "class", counts[name] > 0 ? "flag" : "muted small-text");
        setAttribute(entry, "data-count", name);
        setText(entry, t(`schedule.${name}`, { n: counts[name] }));
      }
    },
  };
}

/** What a task's record says about its tick. */
export function scheduledTick(scheduled) {
  return h("span", {},
    h("a", { href: scheduleAddress(scheduled.schedule) }, scheduled.schedule), " ",
    clockTime(Date.parse(scheduled.tick)), " ",
    scheduled.late && h("span", { class: "flag", title: t("schedule.late.long") }, t("schedule.islate")));
}

/** Whether any of the events is about a task of the last runs. */
export function concernsRuns(schedules, events) {
  const tasks = new Set(schedules.flatMap((schedule) => (schedule.runs ?? []).map((run) => run.task_id)));
  return events.some((event) => event.event === "status" && tasks.has(event.task_id));
}
