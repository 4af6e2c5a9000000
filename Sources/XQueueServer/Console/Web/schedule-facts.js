// The details of a schedule: its next and last ticks, and why it is paused.

import { h, replace } from "./dom.js";
import { clockTime } from "./format.js";
import { t } from "./i18n.js";
import { runMarks, tickCounts, tickTimes } from "./schedule-parts.js";

/** `{node, update(schedule)}` */
export function scheduleFacts() {
  const node = h("dl", { class: "facts" });
  const next = tickTimes();
  const runs = runMarks();
  const counts = tickCounts();
  const time = (value) => (value === null ? null : clockTime(Date.parse(value)));
  return {
    node,
    update(schedule) {
      next.update(schedule.next_at === null ? null : schedule.next[0], schedule.time_zone);
      runs.update(schedule.runs);
      counts.update(schedule.counts);
      const facts = [
        ["reason", schedule.pause_reason],
        ["next", next.node],
        ["last", time(schedule.last_at)],
        ["runs", schedule.runs?.length > 0 && runs.node],
        ["ticks", counts.node],
        ["created", time(schedule.created_at)],
      ];
      const shown = facts.filter(([, value]) => value);
      // Unchanged rows stay, and with them the focus.
      const names = shown.map(([name]) => name).join(" ");
      if (node.dataset.rows !== names) {
        node.dataset.rows = names;
        replace(node, shown.map(([name]) => [
          h("dt", {}, t(name === "created" ? "fact.created" : `schedule.fact.${name}`)), h("dd", { "data-fact": name }),
        ]));
      }
      for (const [name, value] of shown) {
        const place = node.querySelector(`[data-fact="${name}"]`);
        if (typeof value === "string") place.textContent = value;
        else if (place.firstChild !== value) replace(place, value);
      }
    },
  };
}
