// All schedules: when they fire, what became of their last ticks, and whether they are paused.

import { api } from "./api.js";
import { h, KeyedList, replace, show } from "./dom.js";
import { explain, t } from "./i18n.js";
import { icon } from "./icons.js";
import { emptyNote, refreshTimes } from "./parts.js";
import { Refresher } from "./refresher.js";
import { concernsRuns } from "./schedule-parts.js";
import { scheduleRow } from "./schedule-row.js";

/** Number of schedules shown first, and added with each click. */
const PAGE = 100;

export function schedulesView() {
  let schedules = null;
  let wanted = PAGE;
  let isClosed = false;
  const refresher = new Refresher(load);
  const body = h("tbody");
  const rows = new KeyedList(body, (schedule) => scheduleRow(schedule, () => refresher.now()));
  const head = (name, words) => h("th", { scope: "col", class: `col-${name}` }, words);
  const table = h(
    "table",
    { class: "table schedules-table", hidden: true },
    h("caption", { class: "off-screen" }, t("schedules.title")),
    h("thead", {}, h("tr", {}, head("name", t("schedules.name")), head("when", t("schedules.when")),
      head("next", t("schedules.next")), head("last", t("schedules.last")), head("counts", t("schedules.ticks")),
      head("actions", h("span", { class: "off-screen" }, t("col.actions"))))),
    body,
  );
  const note = h("div", {}, emptyNote(t("loading")));
  const more = h("button", {
    type: "button", class: "button", hidden: true,
    on: {
      click: () => {
        wanted += PAGE;
        refresher.now();
      },
    },
  }, t("schedules.more"));
  const node = h(
    "div",
    { class: "stack" },
    h("div", { class: "page-head" }, h("h1", {}, t("schedules.title")),
      h("a", { class: "button primary", href: "#/schedules?new" }, icon("submit"), t("schedules.new"))),
    h("div", { class: "table-box" }, table, note),
    h("div", { class: "actions" }, more),
  );

  async function load() {
    try {
      const answer = await api.schedules(wanted);
      if (isClosed) return;
      schedules = answer.schedules;
      rows.update(schedules, (schedule) => schedule.name);
      show(table, schedules.length > 0);
      replace(note, schedules.length === 0 && emptyNote(t("schedules.none")));
      show(more, answer.hasMore);
    } catch (error) {
      // Later failures are in the banner, and the rows stay.
      if (!isClosed && schedules === null) replace(note, emptyNote(t("load.failed", { message: explain(error) })));
    }
  }

  refresher.now();
  return {
    node,
    take(events) {
      if (schedules ? concernsRuns(schedules, events) : refresher.isLoading) refresher.plan();
    },
    takeTicks: () => refresher.plan(),
    paint() {},
    reload: () => refresher.now(),
    tick() {
      refreshTimes(node);
      refresher.tick();
    },
    close() {
      isClosed = true;
      refresher.close();
    },
  };
}
