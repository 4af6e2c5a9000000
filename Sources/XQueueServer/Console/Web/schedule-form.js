// The form of a schedule, with a live preview of its ticks.

import { jsonError } from "./checks.js";
import { h, setAttribute, setText, show } from "./dom.js";
import { explain, t } from "./i18n.js";
import { pretty } from "./json.js";
import { fieldsOf, formField, isName, newSchedule, readSchedule, readTime, readTiming } from "./schedule-fields.js";
import { schedulePreview } from "./schedule-preview.js";
import { Field } from "./submit-field.js";
import { readerZone } from "./zones.js";

function timeZones() {
  const names = Intl.supportedValuesOf?.("timeZone") ?? [];
  return names.includes("UTC") ? names : ["UTC", ...names];
}

/**
 * `onSend()` is called when it is submitted. Returns `{node, preview, fill(schedule), read(), fail(error), …}`; the
 * fields of a schedule that cannot be edited are disabled.
 */
export function scheduleForm({ isNew, onSend }) {
  /** The schedule being edited, as it was loaded. */
  let base = null;
  /** The field with the preview's error, which stays until the next preview. */
  let rejected = null;
  const field = (name, options = {}) => new Field(name, { label: t(`schedule.${name}`), ...options, onInput: () => refresh() });
  const choice = (name, values, options = {}) =>
    field(name, { ...options, choices: values.map((value) => [value, t(`schedule.${name}.${value}`)]) });
  const moment = (name) => field(name, { type: "datetime-local", step: 1, hint: t("schedule.inzone", { zone: readerZone() }) });
  const number = (name, hint, mode = "numeric") => field(name, { hint: t(hint), mode });
  const fields = [
    field("name", { hint: t("submit.type.hint"), required: true }),
    choice("rule", ["cron", "every"]),
    field("time_zone", { list: "time-zones", placeholder: "UTC" }),
    field("cron", { hint: t("schedule.cron.hint"), placeholder: "30 2 * * *", required: true }),
    field("every", { label: t("schedule.interval"), mode: "numeric", placeholder: "3600", required: true }),
    number("offset", "schedule.offset.hint"),
    choice("dst", ["auto", "fixed"]),
    choice("gap", ["shift", "skip"]),
    choice("fold", ["first", "last", "both"]),
    field("task", { hint: t("schedule.task.hint"), rows: 8 }),
    choice("overlap", ["skip", "allow", "queue", "cancel_running"]),
    choice("catch_up", ["last", "none", "all"]),
    number("catch_up_window", "schedule.catch_up_window.hint", "decimal"),
    number("jitter", "schedule.jitter.hint", "decimal"),
    moment("starts_at"),
    moment("ends_at"),
    field("max_runs", { mode: "numeric", placeholder: t("types.limit.none") }),
    field("pause_after_failures", {
      hint: t("schedule.pause_after_failures.hint"), mode: "numeric", placeholder: t("schedule.failures.never"),
    }),
  ];
  const by = Object.fromEntries(fields.map((entry) => [entry.name, entry]));
  const nodes = (...names) => names.map((name) => by[name].node);
  const options = [
    "overlap", "catch_up", "catch_up_window", "jitter", "starts_at", "ends_at", "max_runs", "pause_after_failures",
  ];
  by.task.addAside(h("button", {
    type: "button", class: "button small",
    on: {
      click: () => {
        if (jsonError(by.task.value) === null) by.task.value = pretty(by.task.value);
      },
    },
  }, t("submit.format")));
  const more = h("details", { class: "more" },
    h("summary", {}, t("submit.more")),
    h("div", { class: "grid" }, nodes(...options)));
  const summary = h("p", { class: "field-error", role: "alert", id: "schedule-error" });
  const reload = h("button", { type: "button", class: "button", hidden: true }, t("schedule.reload"));
  const send = h("button", { class: "button primary", type: "submit" }, t(isNew ? "schedule.create" : "schedule.save"));
  const inputs = h("fieldset", { class: "form" },
    isNew && by.name.node,
    h("div", { class: "grid" }, nodes("rule", "time_zone")),
    h("div", { class: "grid" }, nodes("cron", "every", "offset")),
    h("div", { class: "grid" }, nodes("dst", "gap", "fold")),
    by.task.node, more,
    h("datalist", { id: "time-zones" }, timeZones().map((value) => h("option", { value }))),
    summary,
    h("div", { class: "actions" }, send, reload, h("a", { class: "button", href: "#/schedules" }, t("schedule.cancel"))));
  const node = h("form", {
    class: "card", novalidate: true, "aria-describedby": "schedule-error",
    on: {
      submit: (event) => {
        event.preventDefault();
        if (!send.disabled) onSend();
      },
    },
  }, inputs);
  const preview = schedulePreview({ read: readPreview, onAnswer });

  const values = () => Object.fromEntries(fields.map((entry) => [entry.name, entry.value]));

  /** What to preview: the name for `H`, and ticks from the start on. Null without an expression or period. */
  function readPreview() {
    const all = values();
    const { members, errors } = readTiming(all);
    if (Object.keys(errors).length > 0) {
      rejected = null;
      return null;
    }
    const name = all.name.trim();
    if (isName(name)) members.push(["name", JSON.stringify(name)]);
    const start = Date.parse(readTime(all.starts_at, base?.starts_at) ?? "");
    if (start > Date.now()) members.push(["after", JSON.stringify(new Date(start - 1).toISOString())]);
    return members;
  }

  /** Shows the preview's error at its field, and clears that of an earlier one. */
  function onAnswer(error) {
    rejected = error?.field ? formField(error.field) : null;
    for (const each of ["cron", "every", "offset", "time_zone", "dst"]) {
      by[each].error = each === rejected ? explain(error) : null;
    }
  }

  /** After each key press: shows the fields that apply, and clears the errors of those that are now valid. */
  function refresh(timing) {
    const all = values();
    const isCron = all.rule === "cron";
    for (const name of ["cron", "dst"]) show(by[name].node, isCron);
    for (const name of ["every", "offset"]) show(by[name].node, !isCron);
    for (const name of ["gap", "fold"]) show(by[name].node, isCron && all.dst === "fixed");
    preview.update(timing);
    const { errors } = readSchedule(all, base);
    for (const entry of fields) {
      if (entry.hasError && !errors[entry.name] && entry.name !== rejected) entry.error = null;
    }
    if (!fields.some((entry) => entry.hasError)) setText(summary, "");
  }

  function mark(errors) {
    for (const entry of fields) entry.error = errors[entry.name] ?? null;
    const first = fields.find((entry) => entry.hasError && entry.node.isConnected);
    if (!first) return false;
    if (more.contains(first.node)) more.open = true;
    setText(summary, t("invalid.summary"));
    first.focus();
    return true;
  }

  function fillFields(next) {
    for (const entry of fields) entry.value = next[entry.name] ?? entry.initial;
    more.open = options.some((name) => by[name].value !== by[name].initial);
    for (const entry of fields) entry.error = null;
    setText(summary, "");
    show(reload, false);
    refresh({ isNow: true });
  }

  fillFields(newSchedule);
  return {
    node,
    preview,
    /** The name of a new schedule. */
    get name() {
      return by.name.value.trim();
    },
    focus: () => (isNew ? by.name : by.rule).focus(),
    fill(schedule) {
      base = schedule;
      setAttribute(inputs, "disabled", schedule.source === "file");
      fillFields(fieldsOf(schedule));
      if (more.open) more.open = hasOptions(schedule);
    },
    /** The schedule's members; null if a field is invalid, which is then marked. */
    read() {
      const { members, errors } = readSchedule(values(), base);
      const name = by.name.value.trim();
      if (isNew && !isName(name)) errors.name = t(name === "" ? "invalid.name.required" : "invalid.name");
      return mark(errors) ? null : members;
    },
    /** Shows why the server did not take it, at its field if there is one. */
    fail(error) {
      const name = error.field ? formField(error.field) : null;
      if (name && by[name]) mark({ [name]: explain(error) });
      setText(summary, explain(error));
    },
    failName(text) {
      mark({ name: text });
    },
    /** Says that somebody else changed it; `load` is called to start again from that. */
    conflict(load) {
      setText(summary, t("schedule.conflict"));
      reload.onclick = load;
      show(reload, true);
      reload.focus();
    },
    set isBusy(value) {
      send.disabled = value;
    },
  };
}

/** Whether any of the further options differs from its default. */
function hasOptions(schedule) {
  return schedule.overlap !== "skip" || schedule.catch_up !== "last" || schedule.catch_up_window !== 86_400 ||
    schedule.jitter !== 0 || Boolean(schedule.starts_at ?? schedule.ends_at ?? schedule.max_runs ?? schedule.pause_after_failures);
}
