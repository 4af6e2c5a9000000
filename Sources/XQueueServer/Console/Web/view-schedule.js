// The page of one schedule: its state and actions, and the form for a new one or for changes.

import { api } from "./api.js";
import { notify } from "./dialog.js";
import { h, replace, show } from "./dom.js";
import { explain, t } from "./i18n.js";
import { icon } from "./icons.js";
import { card, emptyNote, refreshTimes } from "./parts.js";
import { Refresher } from "./refresher.js";
import { go } from "./router.js";
import { scheduleButtons } from "./schedule-buttons.js";
import { scheduleFacts } from "./schedule-facts.js";
import { isSame } from "./schedule-fields.js";
import { scheduleForm } from "./schedule-form.js";
import { concernsRuns, scheduleChip } from "./schedule-parts.js";
import { body } from "./submission.js";

/** How often saving is tried again if only pauses have changed the version. */
const MAX_TRIES = 5;

/** `name` is null for a new schedule. */
export function scheduleView({ name }) {
  const isNew = name === null;
  /** As the form was filled from; null until loaded. */
  let base = null;
  let schedule = null;
  let isClosed = false;
  const refresher = new Refresher(load);
  const form = scheduleForm({ isNew, onSend: save });
  const chip = scheduleChip();
  const buttons = scheduleButtons({ onDone: () => refresher.now(), onDeleted: () => go("/schedules") });
  const facts = scheduleFacts();
  const file = h("p", { class: "flag wide", hidden: true }, t("schedule.file.edit"));
  const note = h("div", {}, !isNew && emptyNote(t("loading")));
  const whole = h(
    "div",
    { class: "stack", hidden: !isNew },
    h("div", { class: "page-head" },
      h("div", { class: "task-title" }, h("h1", { class: "cut", title: name }, name ?? t("schedules.new")), !isNew && chip.node),
      !isNew && h("div", { class: "actions" }, buttons.nodes)),
    file,
    h("div", { class: "columns task-columns" },
      form.node,
      h("div", { class: "stack" },
        form.preview.node,
        !isNew && card(t("task.facts"), { name: "facts" }, facts.node))),
  );
  const node = h(
    "div",
    { class: "stack" },
    h("a", { class: "back", href: "#/schedules" }, icon("back"), t("schedule.back")),
    note, whole,
  );

  async function load() {
    try {
      const answer = await api.schedule(name);
      if (isClosed) return;
      schedule = answer;
      if (base === null) fill(answer);
      replace(note);
      show(whole, true);
      render();
    } catch (error) {
      if (isClosed) return;
      if (error.code === "not_found") {
        show(whole, false);
        replace(note, emptyNote(t("schedule.notfound", { name })));
      } else if (schedule === null) {
        replace(note, emptyNote(t("load.failed", { message: explain(error) })));
      }
    }
  }

  function fill(answer) {
    base = answer;
    form.fill(answer);
  }

  function render() {
    chip.update(schedule);
    buttons.update(schedule);
    facts.update(schedule);
    show(file, schedule.source === "file");
  }

  async function save() {
    const members = form.read();
    if (members === null) return;
    form.isBusy = true;
    try {
      const answer = isNew ? await api.setSchedule(form.name, body(members), 0) : await put(body(members));
      if (answer === null) return;
      notify(t(isNew ? "done.create" : "done.save", { name: answer.name }));
      go("/schedules");
    } catch (error) {
      if (isNew && error.code === "version_conflict") form.failName(t("invalid.name.taken"));
      else form.fail(error);
    } finally {
      form.isBusy = false;
    }
  }

  /** Saves unless somebody else changed it; returns null then. A pause changes the version, too, which does no harm. */
  async function put(text) {
    let { version } = base;
    for (let tries = 1; ; tries += 1) {
      try {
        return await api.setSchedule(name, text, version);
      } catch (error) {
        if (error.code !== "version_conflict") throw error;
        const present = await api.schedule(name);
        if (!isSame(present, base) || tries === MAX_TRIES) {
          form.conflict(() => {
            fill(present);
            form.focus();
          });
          return null;
        }
        ({ version } = present);
      }
    }
  }

  if (!isNew) refresher.now();
  const refresh = () => !isNew && refresher.plan();
  return {
    node,
    take(events) {
      if (schedule ? concernsRuns([schedule], events) : refresher.isLoading) refresh();
    },
    takeTicks(events) {
      if (events.some((event) => event.schedule === name)) refresh();
    },
    paint() {},
    reload: () => !isNew && refresher.now(),
    tick() {
      refreshTimes(node);
      if (!isNew) refresher.tick();
    },
    close() {
      isClosed = true;
      form.preview.close();
      refresher.close();
    },
  };
}
