// The fields of a submission, for a new task or for editing one that waits.

import { h, setText, show } from "./dom.js";
import { explain, t } from "./i18n.js";
import { pretty } from "./json.js";
import { formField, read } from "./submission.js";
import { Field } from "./submit-field.js";
import { uniqueFieldset, uniqueFormFields } from "./submit-unique.js";

const STRATEGIES = ["exponential", "linear", "fixed"];

/** The fields that are always shown. */
const MAIN = ["type", "payload", "when", "delay", "run_at"];

/**
 * `onInput()` is called after each key press. For an edit, the type is not shown, nor what a submission does about other
 * tasks with its unique key, and the time to run can stay as it is.
 * Returns `{nodes, values(), fill(fields), read(), fail(error), …}`.
 */
export function submitForm({ isEdit = false, onInput = () => {} } = {}) {
  const field = (name, options = {}) => new Field(name, { ...options, onInput: refresh });
  const unique = uniqueFormFields(field);
  const times = ["now", "delay", "at"].map((name) => [name, t(`submit.when.${name}`)]);
  const fields = [
    field("type", { label: t("submit.type"), hint: t("submit.type.hint"), list: "known-types", required: true }),
    field("payload", { label: t("submit.payload"), hint: t("submit.payload.hint"), rows: 8 }),
    field("when", { label: t("submit.when"), choices: isEdit ? [["same", t("submit.when.same")], ...times] : times }),
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
    ...unique,
    field("metadata", { label: t("submit.metadata"), hint: t("submit.metadata.hint"), rows: 3 }),
    field("strategy", {
      label: t("submit.strategy"),
      choices: [["", t("submit.strategy.default")], ...STRATEGIES.map((name) => [name, t(`strategy.${name}`)])],
    }),
    field("policy_delay", { label: t("submit.policy.delay"), mode: "decimal" }),
    field("policy_max_delay", { label: t("submit.policy.max_delay"), mode: "decimal" }),
    field("policy_jitter", { label: t("submit.policy.jitter"), mode: "decimal" }),
  ];
  const by = Object.fromEntries(fields.map((entry) => [entry.name, entry]));
  const nodes = (...names) => names.map((name) => by[name].node);
  const uniqueness = uniqueFieldset(unique, isEdit);
  const more = h(
    "details",
    { class: "more" },
    h("summary", {}, t("submit.more")),
    h("div", { class: "grid" }, nodes(
      "priority", "max_retry", "queue_timeout", "process_timeout", "concurrency_key", "max_concurrency")),
    uniqueness.node,
    nodes("metadata"),
    h("fieldset", {}, h("legend", {}, t("submit.policy")),
      h("div", { class: "grid" }, nodes("strategy", "policy_delay", "policy_max_delay", "policy_jitter"))),
  );
  const summary = h("p", { class: "field-error", role: "alert", id: "submit-error" });
  by.payload.addAside(h("button", {
    type: "button", class: "button small",
    on: {
      click: () => {
        const text = by.payload.value.trim();
        if (text === "" || read(values()).errors.payload) return;
        by.payload.value = pretty(text);
        refresh();
      },
    },
  }, t("submit.format")));

  const values = () => Object.fromEntries(fields.map((entry) => [entry.name, entry.value]));

  /** After each key press: clears the errors of fields that are now valid. */
  function refresh() {
    const all = values();
    show(by.delay.node, all.when === "delay");
    show(by.run_at.node, all.when === "at");
    uniqueness.update(all);
    const { errors } = read(all);
    for (const entry of fields) if (entry.hasError && !errors[entry.name]) entry.error = null;
    if (!fields.some((entry) => entry.hasError)) setText(summary, "");
    onInput();
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

  return {
    nodes: [
      !isEdit && by.type.node, by.payload.node, h("div", { class: "grid" }, nodes("when", "delay", "run_at")), more, summary,
    ],
    values,
    focus: () => (isEdit ? by.payload : by.type).focus(),
    fill(next) {
      for (const entry of fields) entry.value = next[entry.name] ?? entry.initial;
      for (const entry of fields) entry.error = null;
      more.open = fields.some((entry) => !MAIN.includes(entry.name) && entry.value !== entry.initial);
      setText(summary, "");
      refresh();
    },
    /** The submission's members; null if a field is invalid, which is then marked. */
    read() {
      const { members, errors } = read(values());
      return mark(errors) ? null : members;
    },
    failField(name, text) {
      mark({ [name]: text });
    },
    /** Shows why the server did not take it, at its field if there is one. */
    fail(error) {
      const name = error.field ? formField(error.field) : null;
      if (name && by[name]) mark({ [name]: explain(error) });
      setText(summary, explain(error));
    },
    say(text) {
      setText(summary, text);
    },
  };
}
