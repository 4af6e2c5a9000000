// All task types: state, limit and counts.

import { deleteType, setLimit, setPaused } from "./actions.js";
import { h, KeyedList, setAttribute, setText, show } from "./dom.js";
import { number } from "./format.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";
import { STATUSES } from "./model.js";
import { emptyNote, meter } from "./parts.js";

export function typesView({ model }) {
  const body = h("tbody");
  const rows = new KeyedList(body, (type) => typeRow(type, model));
  const head = (name, words) => h("th", { scope: "col", class: `col-${name}` }, words);
  const table = h(
    "table",
    { class: "table types-table" },
    h("caption", { class: "off-screen" }, t("types.title")),
    h("thead", {}, h("tr", {}, head("type", t("col.type")), head("state", t("types.state")),
      head("limit", t("types.limit")), STATUSES.map((status) => head("number", t(`status.${status}`))),
      head("actions", h("span", { class: "off-screen" }, t("col.actions"))))),
    body,
  );
  const empty = emptyNote(t("types.none"));
  const node = h(
    "div",
    { class: "stack" },
    h("div", { class: "page-head" }, h("h1", {}, t("types.title"))),
    h("div", { class: "table-box" }, table, empty),
    h("p", { class: "muted small-text" }, t("types.limit.hint")),
  );

  function paint() {
    if (!model.stats) return;
    const sorted = model.types.toSorted((one, other) => (one.type < other.type ? -1 : 1));
    rows.update(sorted, (type) => type.type);
    show(table, sorted.length > 0);
    show(empty, sorted.length === 0);
  }

  paint();
  return { node, take() {}, paint, tick() {}, close() {} };
}

function typeRow(first, model) {
  let type = first;
  const state = h("span", { class: "chip" });
  const limit = h("span");
  const used = meter(type.type);
  const counts = Object.fromEntries(STATUSES.map((status) => [status, h("a", {
    href: `#/tasks?status=${status}&type=${encodeURIComponent(type.type)}`,
  })]));
  const words = h("span");
  const picture = h("span", { class: "swap" });
  const button = h("button", {
    type: "button",
    class: "button small",
    on: { click: async () => take(await setPaused(type.type, !type.paused)) },
  }, picture, words);
  const edit = h("button", {
    type: "button",
    class: "button small",
    "aria-label": `${t("limit.edit")} ${type.type}`,
    on: { click: async () => take(await setLimit(type)) },
  }, icon("limit"), t("limit.edit"));
  const remove = h("button", {
    type: "button",
    class: "button small",
    "aria-label": `${t("action.delete")} ${type.type}`,
    title: t("action.delete"),
    on: {
      click: async () => {
        if (await deleteType(type)) model.refresh({ isUrgent: true });
      },
    },
  }, icon("remove"));
  const node = h(
    "tr",
    { "data-type": type.type },
    h("th", { scope: "row", class: "col-type" },
      h("a", { href: `#/tasks?type=${encodeURIComponent(type.type)}` }, type.type)),
    h("td", { class: "col-state" }, state),
    h("td", { class: "col-limit", "data-label": t("types.limit") }, h("div", {}, limit, used.node)),
    STATUSES.map((status) => h("td", { class: "col-number", "data-label": t(`status.${status}`) }, counts[status])),
    h("td", { class: "col-actions" }, edit, button, remove),
  );

  let drawn = null;

  /** Takes the server's reply; null if nothing was done. */
  function take(answer) {
    if (!answer) return;
    Object.assign(type, { paused: answer.paused, max_concurrency: answer.max_concurrency });
    model.refresh({ isUrgent: true });
    update(type);
  }

  function update(next) {
    type = next;
    // An unserved type is a problem only if it has pending tasks.
    const unserved = type.pending > 0 ? "failed" : null;
    setAttribute(state, "data-status", type.paused ? "timeout" : type.has_handler ? "success" : unserved);
    setText(state, t(type.paused ? "paused" : type.has_handler ? "types.active" : "unserved"));
    setAttribute(state, "title", type.has_handler ? null : t(unserved ? "unserved.long" : "unserved.idle"));
    const isLimited = type.max_concurrency !== null;
    const text = isLimited
      ? t("keys.of", { used: type.processing, limit: type.max_concurrency })
      : t("types.limit.none");
    setText(limit, text);
    setAttribute(limit, "class", isLimited ? "" : "muted");
    show(used.node, isLimited);
    if (isLimited) used.update(type.processing, type.max_concurrency, text);
    for (const status of STATUSES) {
      setText(counts[status], number(type[status]));
      setAttribute(counts[status], "data-zero", type[status] === 0);
    }
    if (drawn === type.paused) return;
    drawn = type.paused;
    const name = type.paused ? "action.resume" : "action.pause";
    setText(words, t(name));
    setAttribute(button, "aria-label", `${t(name)} ${type.type}`);
    picture.replaceChildren(icon(type.paused ? "play" : "pause"));
  }

  return { node, update };
}
