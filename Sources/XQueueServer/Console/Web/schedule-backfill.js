// Back-filling a schedule: asks for a range, shows its ticks, and submits their tasks once confirmed.

import { attempt } from "./actions.js";
import { api } from "./api.js";
import { serverNow } from "./clock.js";
import { confirm, notify } from "./dialog.js";
import { h } from "./dom.js";
import { explain, t } from "./i18n.js";
import { subject } from "./schedule-actions.js";
import { Field } from "./submit-field.js";
import { fieldTime, readerZone, zoneTime } from "./zones.js";

const DAY = 86_400_000;

/** Returns whether tasks were submitted. */
export async function backfillSchedule(schedule) {
  const plan = await askRange(schedule);
  if (!plan) return false;
  const { range, ticks } = plan;
  const count = ticks.filter((tick) => tick.new).length;
  const known = ticks.length - count;
  const isSure = await confirm({
    title: t("backfill.title"), subject: subject(schedule),
    text: [
      t(count > 0 ? "backfill.count" : "backfill.none", { n: count }), known > 0 ? t("backfill.known", { n: known }) : "",
    ].join(" ").trim(),
    extra: ticks.length > 0 && tickList(ticks, schedule), yes: count > 0 ? t("backfill.yes", { n: count }) : null,
  });
  if (!isSure) return false;
  const answer = await attempt(() => api.backfill(schedule.name, { ...range, dry_run: false }));
  if (answer) notify(t("done.backfill", { name: schedule.name, n: answer.ticks.filter((tick) => tick.new).length }));
  return answer !== null;
}

/** Asks for a range until the server accepts it; returns it with its ticks, or null. */
async function askRange(schedule) {
  let plan = null;
  const field = (name) => new Field(name, {
    label: t(`backfill.${name}`), hint: t("schedule.inzone", { zone: readerZone() }), type: "datetime-local", step: 1,
    onInput: () => fields[name].hasError && read(name) !== null && (fields[name].error = null),
  });
  const fields = { from: field("from"), to: field("to") };
  const now = Math.floor(serverNow() / 60_000) * 60_000;
  fields.from.value = fieldTime(now - DAY);
  fields.to.value = fieldTime(now);

  function read(name) {
    const date = new Date(fields[name].value);
    return Number.isNaN(date.getTime()) ? null : date.toISOString();
  }

  async function check() {
    const range = { from: read("from"), to: read("to") };
    for (const name of ["from", "to"]) fields[name].error = range[name] === null ? t("invalid.time") : null;
    if (range.from !== null && range.to !== null) {
      if (range.from >= range.to) {
        fields.to.error = t("backfill.order");
      } else {
        try {
          const { ticks } = await api.backfill(schedule.name, { ...range, dry_run: true });
          plan = { range, ticks };
          return true;
        } catch (error) {
          (fields[error.field] ?? fields.to).error = explain(error);
        }
      }
    }
    (fields.from.hasError ? fields.from : fields.to).focus();
    return false;
  }

  const isSure = await confirm({
    title: t("backfill.title"), subject: subject(schedule), text: t("backfill.text"), yes: t("backfill.show"),
    extra: h("div", { class: "grid" }, fields.from.node, fields.to.node), check,
  });
  return isSure ? plan : null;
}

function tickList(ticks, schedule) {
  return h("div", { class: "tick-list", tabindex: 0, role: "region", "aria-label": t("backfill.ticks") },
    h("p", { class: "muted small-text" }, t("schedule.inzone", { zone: schedule.time_zone })),
    h("ol", {}, ticks.map((tick) => {
      const { text, offset } = zoneTime(tick.local);
      return h("li", { "data-tick": tick.tick },
        h("time", { datetime: tick.local, title: tick.local }, text), " ", h("span", { class: "muted small-text" }, offset), " ",
        !tick.new && h("a", { class: "flag calm", href: `#/tasks/${tick.task_id}` }, t("backfill.exists")));
    })));
}
