// The filters above the task table.

import { h, setAttribute, setText, show } from "./dom.js";
import { number } from "./format.js";
import { explain, t } from "./i18n.js";
import { icon } from "./icons.js";
import { api } from "./api.js";
import { STATUSES } from "./model.js";

/** Delay after the last key press before a text filter is applied, in milliseconds. */
const DEBOUNCE = 250;

/** `onChange()` is called after every change, `onFind(id)` to open a task. */
export function filterBar({ model, query, onChange, onFind }) {
  const chosen = new Set(query.getAll("status").filter((status) => STATUSES.includes(status)));
  const counts = {};
  const chips = STATUSES.map((status) => {
    counts[status] = h("span", { class: "count" });
    const button = h("button", {
      type: "button",
      class: "filter-chip",
      "data-status": status,
      "aria-pressed": String(chosen.has(status)),
      on: {
        click: () => {
          if (!chosen.delete(status)) chosen.add(status);
          setAttribute(button, "aria-pressed", String(chosen.has(status)));
          changed();
        },
      },
    }, t(`status.${status}`), counts[status]);
    return button;
  });
  const type = h("select", { id: "filter-type", on: { change: changed } });
  const key = h("input", {
    id: "filter-key", type: "text", placeholder: t("tasks.key.hint"), autocomplete: "off",
    spellcheck: "false", value: query.get("key") ?? "", on: { input: () => later(changed) },
  });
  const clear = h("button", { type: "button", class: "button", on: { click: reset } }, t("tasks.clear"));
  const id = h("input", {
    id: "find-id", type: "search", placeholder: t("tasks.search.hint"), autocomplete: "off",
    spellcheck: "false", "aria-describedby": "find-error",
  });
  const findError = h("p", { id: "find-error", class: "field-error", role: "alert" });
  const find = h(
    "form",
    { class: "find", role: "search", on: { submit: search } },
    h("label", { class: "off-screen", for: "find-id" }, t("tasks.search")),
    id,
    h("button", { class: "button square", "aria-label": t("tasks.find"), title: t("tasks.find") }, icon("search")),
    findError,
  );
  const node = h(
    "div",
    { class: "filters" },
    h("div", { class: "filter-chips", role: "group", "aria-label": t("tasks.status") }, chips),
    h("div", { class: "filter-fields" },
      h("label", { class: "inline" }, h("span", {}, t("tasks.type")), type),
      h("label", { class: "inline" }, h("span", {}, t("tasks.key")), key),
      clear, find),
  );

  let wantedType = query.get("type") ?? "";
  let known = "";
  let timer = 0;

  function later(call) {
    clearTimeout(timer);
    timer = setTimeout(call, DEBOUNCE);
  }

  function changed() {
    wantedType = type.value;
    onChange();
    paint();
  }

  function reset() {
    chosen.clear();
    for (const chip of chips) setAttribute(chip, "aria-pressed", "false");
    key.value = "";
    type.value = "";
    changed();
  }

  async function search(event) {
    event.preventDefault();
    const wanted = id.value.trim();
    setText(findError, "");
    if (wanted === "") return;
    try {
      onFind((await api.task(wanted)).id);
    } catch (error) {
      setText(findError, [400, 404].includes(error.status) ? t("tasks.search.none") : explain(error));
      id.focus();
    }
  }

  function paint() {
    for (const status of STATUSES) {
      const count = model.counts[status];
      setText(counts[status], count === null ? "" : number(count));
    }
    const names = model.types.map((entry) => entry.type);
    if (wantedType !== "" && !names.includes(wantedType)) names.push(wantedType);
    names.sort();
    const text = names.join("\n");
    if (text !== known || type.options.length === 0) {
      known = text;
      type.replaceChildren(
        h("option", { value: "" }, t("tasks.type.all")), ...names.map((name) => h("option", { value: name }, name)));
      type.value = wantedType;
    }
    show(clear, isActive());
  }

  const isActive = () => chosen.size > 0 || wantedType !== "" || key.value !== "";

  function words(keyName) {
    const words_ = new URLSearchParams();
    for (const status of STATUSES) if (chosen.has(status)) words_.append("status", status);
    if (wantedType !== "") words_.set("type", wantedType);
    if (key.value !== "") words_.set(keyName, key.value);
    return words_;
  }

  paint();
  return {
    node,
    paint,
    isActive,
    query: () => words("key"),
    apiQuery: () => words("concurrency_key"),
  };
}
