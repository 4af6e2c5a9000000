// All nodes of the cluster.

import { h, KeyedList, setText, show } from "./dom.js";
import { number } from "./format.js";
import { t, word } from "./i18n.js";
import { emptyNote, loadWords, meter, refreshTimes, timeAgo } from "./parts.js";

export function workersView({ model }) {
  const list = h("ul", { class: "nodes" });
  const cards = new KeyedList(list, nodeCard);
  const empty = emptyNote(t("workers.none"));
  const node = h(
    "div",
    { class: "stack" },
    h("div", { class: "page-head" }, h("h1", {}, t("workers.title"))),
    list, empty,
  );

  function paint() {
    if (!model.stats) return;
    const sorted = model.nodes.toSorted((one, other) => (one.id < other.id ? -1 : 1));
    cards.update(sorted, (entry) => entry.id);
    show(empty, sorted.length === 0);
  }

  paint();
  return { node, take() {}, paint, tick: () => refreshTimes(list), close() {} };
}

function nodeCard(first) {
  const isWorker = first.roles.includes("worker");
  const load = meter(first.id);
  const words = h("span", { class: "load-words" });
  const seen = timeAgo(Date.parse(first.last_seen_at));
  const stuck = h("dd");
  const stuckRow = h("div", {}, h("dt", {}, t("workers.stuck")), stuck);
  const row = (name, value) => h("div", {}, h("dt", {}, t(`workers.${name}`)), h("dd", {}, value));
  const node = h(
    "li",
    { class: "card node", "data-id": first.id },
    h("div", { class: "card-head" }, h("h2", { class: "mono cut", title: first.id }, first.id),
      first.this_node && h("span", { class: "flag calm" }, t("workers.this"))),
    isWorker
      ? h("div", { class: "load" }, words, load.node) : h("p", { class: "muted" }, t("workers.apionly")),
    h("dl", { class: "facts" },
      row("host", first.host),
      row("pid", String(first.pid)),
      row("version", first.version),
      row("roles", first.roles.map((role) => word("role", role)).join(", ")),
      isWorker && row("types", first.types.length > 0 ? first.types.join(", ") : t("none")),
      row("started", timeAgo(Date.parse(first.started_at)).node),
      row("seen", seen.node),
      stuckRow),
  );
  return {
    node,
    update(next) {
      const text = loadWords(next);
      setText(words, text);
      load.update(next.running, next.capacity, text);
      seen.update(Date.parse(next.last_seen_at));
      setText(stuck, number(next.stuck ?? 0));
      show(stuckRow, next.stuck > 0);
    },
  };
}
