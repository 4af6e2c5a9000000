// The form for submitting a task, with the equivalent curl command.

import { api } from "./api.js";
import { notify } from "./dialog.js";
import { h, KeyedList, replace, setText, show } from "./dom.js";
import { explain, t } from "./i18n.js";
import { distinguish } from "./ids.js";
import { pretty } from "./json.js";
import { card, copyButton, progressBar, statusChip, taskLink } from "./parts.js";
import { body, curlLine, fieldsOf, read } from "./submission.js";
import { submitForm } from "./submit-form.js";
import { outcome } from "./unique.js";

/** Maximum number of recently submitted tasks shown. */
const RECENT = 8;

/** Keeps the form's contents while another view is open. */
let draft = null;
let recent = [];

export function submitView({ model, query }) {
  const form = submitForm({ onInput: refresh });
  const types = h("datalist", { id: "known-types" });
  const send = h("button", { class: "button primary", type: "submit" }, t("submit.send"));
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
      h("form", {
        class: "card form", novalidate: true, "aria-describedby": "submit-error", on: { submit: onSubmit },
      }, form.nodes, types, h("div", { class: "actions" }, send,
        h("button", { type: "button", class: "button", on: { click: clear } }, t("submit.reset")))),
      h("div", { class: "stack" },
        recentCard,
        card(t("submit.curl"), { name: "curl", aside: copyButton(() => curl.textContent) }, curl),
        card(t("submit.body"), { name: "body" }, sent))),
  );

  /** After each key press: updates the JSON. */
  function refresh() {
    draft = form.values();
    const json = body(read(draft).members);
    setText(curl, curlLine(json));
    setText(sent, pretty(json));
  }

  function clear() {
    form.fill({});
    form.focus();
  }

  async function onSubmit(event) {
    event.preventDefault();
    if (send.disabled) return;
    const members = form.read();
    if (members === null) return;
    form.say("");
    send.disabled = true;
    try {
      const task = await api.submit(body(members));
      notify(outcome(task), {
        link: { href: `#/tasks/${task.id}`, text: t("action.open") },
      });
      recent = [task, ...recent.filter((entry) => entry.id !== task.id)].slice(0, RECENT);
      paint();
      // The task's first events may have come before the reply.
      reload([task]);
    } catch (error) {
      form.fail(error);
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

  /** Reads tasks again whose events may have been missed. */
  async function reload(tasks) {
    const answers = await Promise.allSettled(tasks.map((task) => api.task(task.id)));
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

  form.fill(draft ?? { type: query.get("type") ?? "" });
  paint();
  reload(recent);
  const from = query.get("from");
  if (from) api.task(from).then((task) => form.fill(fieldsOf(task)), (error) => form.say(explain(error)));
  return { node, take, paint, reload: () => reload(recent), tick() {}, close() {} };
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
