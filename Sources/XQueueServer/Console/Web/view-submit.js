// The form for submitting a task, with the equivalent curl command.

import { api } from "./api.js";
import { notify } from "./dialog.js";
import { h, KeyedList, replace, setAttribute, setText, show } from "./dom.js";
import { explain, t } from "./i18n.js";
import { distinguish } from "./ids.js";
import { pretty } from "./json.js";
import { card, copyButton, progressBar, statusChip, taskLink } from "./parts.js";
import { body, curlLine, fieldsOf, formField, read } from "./submission.js";
import { Field } from "./submit-field.js";

/** Maximum number of recently submitted tasks shown. */
const RECENT = 8;

/** Keeps the form's contents while another view is open. */
let draft = null;
let recent = [];

export function submitView({ model, query }) {
  const field = (name, options = {}) => new Field(name, { ...options, onInput: refresh });
  const fields = [
    field("type", { label: t("submit.type"), hint: t("submit.type.hint"), list: "known-types", required: true }),
    field("payload", { label: t("submit.payload"), hint: t("submit.payload.hint"), rows: 8 }),
    field("when", {
      label: t("submit.when"),
      choices: [["now", t("submit.when.now")], ["delay", t("submit.when.delay")], ["at", t("submit.when.at")]],
    }),
    field("delay", { label: t("submit.delay"), mode: "decimal" }),
    field("run_at", { label: t("submit.run_at"), type: "datetime-local", step: 1 }),
    field("priority", { label: t("submit.priority"), hint: t("submit.priority.hint"), mode: "numeric" }),
    field("max_retry", { label: t("submit.max_retry"), mode: "numeric" }),
    field("queue_timeout", {
      label: t("submit.queue_timeout"), hint: t("submit.timeout.hint"), mode: "decimal",
    }),
    field("process_timeout", {
      label: t("submit.process_timeout"), hint: t("submit.timeout.hint"), mode: "decimal",
    }),
    field("concurrency_key", { label: t("submit.concurrency_key") }),
    field("max_concurrency", { label: t("submit.max_concurrency"), mode: "numeric" }),
    field("unique_key", { label: t("submit.unique_key"), hint: t("submit.unique_key.hint") }),
    field("metadata", { label: t("submit.metadata"), hint: t("submit.metadata.hint"), rows: 3 }),
    field("strategy", {
      label: t("submit.strategy"),
      choices: [["", t("submit.strategy.default")], ...["exponential", "linear", "fixed"].map((name) => [name, t(`strategy.${name}`)])],
    }),
    field("policy_delay", { label: t("submit.policy.delay"), mode: "decimal" }),
    field("policy_max_delay", { label: t("submit.policy.max_delay"), mode: "decimal" }),
    field("policy_jitter", { label: t("submit.policy.jitter"), mode: "decimal" }),
  ];
  const by = Object.fromEntries(fields.map((entry) => [entry.name, entry]));
  const node_ = (...names) => names.map((name) => by[name].node);
  const types = h("datalist", { id: "known-types" });
  const summary = h("p", { class: "field-error", role: "alert", id: "submit-error" });
  const send = h("button", { class: "button primary", type: "submit" }, t("submit.send"));
  const more = h(
    "details",
    { class: "more" },
    h("summary", {}, t("submit.more")),
    h("div", { class: "grid" }, node_(
      "priority", "max_retry", "queue_timeout", "process_timeout", "concurrency_key", "max_concurrency",
      "unique_key")),
    node_("metadata"),
    h("fieldset", {}, h("legend", {}, t("submit.policy")),
      h("div", { class: "grid" }, node_("strategy", "policy_delay", "policy_max_delay", "policy_jitter"))),
  );
  const tidy = h("button", {
    type: "button", class: "button small",
    on: {
      click: () => {
        const text = by.payload.value.trim();
        if (text === "" || read(values()).errors.payload) return;
        by.payload.value = pretty(text);
        refresh();
      },
    },
  }, t("submit.format"));
  by.payload.addAside(tidy);
  const form = h(
    "form",
    { class: "card form", novalidate: true, on: { submit: onSubmit } },
    node_("type", "payload"),
    h("div", { class: "grid" }, node_("when", "delay", "run_at")),
    more, summary, types,
    h("div", { class: "actions" }, send,
      h("button", { type: "button", class: "button", on: { click: clear } }, t("submit.reset"))),
  );
  const curl = h("pre", { class: "code wrap", tabindex: 0, role: "region", "aria-label": t("submit.curl") });
  const sent = h("pre", { class: "code", tabindex: 0, role: "region", "aria-label": t("submit.body") });
  const recentList = h("ul", { class: "rows" });
  const recentRows = new KeyedList(recentList, recentRow);
  const recentCard = card(t("submit.recent"), { name: "recent" }, recentList);
  const node = h(
    "div",
    { class: "stack" },
    h("div", { class: "page-head" }, h("h1", {}, t("submit.title"))),
    h("div", { class: "columns" },
      form,
      h("div", { class: "stack" },
        recentCard,
        card(t("submit.curl"), { name: "curl", aside: copyButton(() => curl.textContent) }, curl),
        card(t("submit.body"), { name: "body" }, sent))),
  );

  const values = () => Object.fromEntries(fields.map((entry) => [entry.name, entry.value]));

  function fill(next) {
    for (const entry of fields) entry.value = next[entry.name] ?? entry.initial;
    more.open = fields.slice(5).some((entry) => entry.value !== entry.initial);
    refresh();
  }

  /** After each key press: updates the JSON, and clears the errors of fields that are now valid. */
  function refresh() {
    draft = values();
    show(by.delay.node, draft.when === "delay");
    show(by.run_at.node, draft.when === "at");
    const { members, errors } = read(draft);
    for (const entry of fields) if (entry.hasError && !errors[entry.name]) entry.error = null;
    if (!fields.some((entry) => entry.hasError)) setText(summary, "");
    const json = body(members);
    setText(curl, curlLine(json));
    setText(sent, pretty(json));
  }

  function clear() {
    fill({});
    for (const entry of fields) entry.error = null;
    by.type.focus();
  }

  function mark(errors) {
    for (const entry of fields) entry.error = errors[entry.name] ?? null;
    const first = fields.find((entry) => entry.hasError);
    if (!first) return false;
    if (more.contains(first.node)) more.open = true;
    setText(summary, t("invalid.summary"));
    first.focus();
    return true;
  }

  async function onSubmit(event) {
    event.preventDefault();
    if (send.disabled) return;
    const { members, errors } = read(values());
    if (mark(errors)) return;
    setText(summary, "");
    send.disabled = true;
    try {
      const task = await api.submit(body(members));
      const isNew = task.version === 1 || !recent.some((entry) => entry.id === task.id);
      notify(t(isNew && task.version === 1 ? "submit.done" : "submit.existing", { id: task.id }), {
        link: { href: `#/tasks/${task.id}`, text: t("action.open") },
      });
      recent = [task, ...recent.filter((entry) => entry.id !== task.id)].slice(0, RECENT);
      paint();
    } catch (error) {
      const name = error.field ? formField(error.field) : null;
      if (name && by[name]) mark({ [name]: explain(error) });
      setText(summary, explain(error));
    } finally {
      send.disabled = false;
    }
  }

  function take(events) {
    const known = new Map(recent.map((task) => [task.id, task]));
    for (const event of events) {
      const task = known.get(event.task_id);
      if (!task) continue;
      if (event.event === "progress") task.progress = event.progress;
      else if (event.version > task.version) Object.assign(task, { version: event.version, status: event.status });
    }
  }

  /** Called after events may have been missed. */
  async function reload() {
    const answers = await Promise.allSettled(recent.map((task) => api.task(task.id)));
    for (const { value } of answers) {
      const task = value && recent.find((entry) => entry.id === value.id);
      if (task && value.version >= task.version) Object.assign(task, value);
    }
    paint();
  }

  let names = "";
  function paint() {
    const short = distinguish(recent.map((task) => task.id));
    recentRows.update(recent.map((task) => ({ task, name: short.get(task.id) })), ({ task }) => task.id);
    show(recentCard, recent.length > 0);
    const next = model.types.map((entry) => entry.type).join("\n");
    if (next === names) return;
    names = next;
    replace(types, model.types.map((entry) => h("option", { value: entry.type })));
  }

  fill(draft ?? { type: query.get("type") ?? "" });
  paint();
  reload();
  const from = query.get("from");
  if (from) api.task(from).then((task) => fill(fieldsOf(task)), (error) => setText(summary, explain(error)));
  setAttribute(form, "aria-describedby", "submit-error");
  return { node, take, paint, reload, tick() {}, close() {} };
}

function recentRow({ task, name }) {
  const link = taskLink(task.id, name);
  const chip = statusChip(task.status);
  const bar = progressBar(t("task.progress"));
  const node = h("li", { class: "recent", "data-id": task.id }, h("div", { class: "row-head" },
    h("span", { class: "cut", title: task.type }, task.type), link, chip.node), bar.node);
  return {
    node,
    update({ task: next, name: short }) {
      setText(link, short);
      chip.update(next.status);
      bar.update(next.status === "processing" ? next.progress ?? 0 : null, next.status);
    },
  };
}
