// The lists of the overview: backlog per type, workers with their load, tokens per concurrency key.

import { h, KeyedList, setAttribute, setText, show } from "./dom.js";
import { number } from "./format.js";
import { t } from "./i18n.js";
import { card, emptyNote, meter } from "./parts.js";

/** The most rows of a list; the views of types and workers show all. */
const MOST = 12;

function list(name, title, empty, make, more = null) {
  const rows = h("ul", { class: "rows" });
  const note = empty;
  const keyed = new KeyedList(rows, make);
  const rest = h("p", { class: "muted small-text", hidden: true });
  const node = card(title, { name, aside: more }, rows, rest, note);
  return {
    node,
    update(items, keyOf, hiddenText = "") {
      show(note, items.length === 0);
      show(rows, items.length > 0);
      show(rest, hiddenText !== "");
      setText(rest, hiddenText);
      keyed.update(items, keyOf);
    },
  };
}

export function backlogList() {
  const make = (item) => {
    const pending = h("span", { class: "part", "data-status": "pending" });
    const running = h("span", { class: "part", "data-status": "processing" });
    const bar = h("span", { class: "bar stacked", role: "img" }, running, pending);
    const count = h("b");
    const flag = h("span", { class: "flag" });
    const node = h(
      "li",
      {},
      h("div", { class: "row-head" },
        h("a", { href: `#/tasks?type=${encodeURIComponent(item.type)}` }, item.type), flag, count),
      bar,
    );
    return {
      node,
      update(type) {
        const words = t("backlog.counts", {
          pending: number(type.pending), processing: number(type.processing),
        });
        setText(count, number(type.pending));
        setAttribute(bar, "aria-label", words);
        setAttribute(node, "title", words);
        running.style.inlineSize = `${(100 * type.processing) / type.most}%`;
        pending.style.inlineSize = `${(100 * type.pending) / type.most}%`;
        const flagText = type.paused ? t("paused") : type.has_handler ? "" : t("unserved");
        show(flag, flagText !== "");
        setText(flag, flagText);
      },
    };
  };
  const first = emptyNote(
    t("overview.backlog.none"), h("a", { class: "button primary", href: "#/submit" }, t("overview.first")));
  const shown = list("backlog", t("overview.backlog"), first, make);
  return {
    node: shown.node,
    update({ types }) {
      const sorted = types.toSorted((one, other) =>
        other.pending - one.pending || other.processing - one.processing || (one.type < other.type ? -1 : 1));
      const most = Math.max(1, ...sorted.map((type) => type.pending + type.processing));
      shown.update(sorted.slice(0, MOST).map((type) => ({ ...type, most })), (type) => type.type);
    },
  };
}

export function workerList() {
  const make = (item) => {
    const load = meter(item.id);
    const words = h("span", { class: "muted" });
    const stuck = h("span", { class: "flag", hidden: true });
    const node = h(
      "li",
      {},
      h("div", { class: "row-head" }, h("span", { class: "mono cut", title: item.id }, item.id), stuck, words),
      load.node,
    );
    return {
      node,
      update(worker) {
        const text = t("workers.load", { running: number(worker.running), capacity: number(worker.capacity) });
        setText(words, text);
        load.update(worker.running, worker.capacity, text);
        show(stuck, worker.stuck > 0);
        setText(stuck, t("stuck", { n: worker.stuck }));
      },
    };
  };
  const shown = list("workers", t("overview.workers"), emptyNote(t("overview.workers.none")), make);
  return {
    node: shown.node,
    update({ nodes }) {
      const workers = nodes.filter((node) => node.roles.includes("worker"));
      shown.update(workers.slice(0, MOST), (node) => node.id);
    },
  };
}

export function keyList() {
  const make = (item) => {
    const used = meter(item.key);
    const words = h("span", { class: "muted" });
    const node = h(
      "li",
      {},
      h("div", { class: "row-head" },
        h("a", { class: "cut", href: `#/tasks?key=${encodeURIComponent(item.key)}`, title: item.key }, item.key),
        words),
      used.node,
    );
    return {
      node,
      update(key) {
        const text = t("keys.of", { used: number(key.held), limit: number(key.limit) });
        setText(words, key.waiting > 0 ? `${text} · ${t("keys.waiting")} ${number(key.waiting)}` : text);
        used.update(key.held, key.limit, text);
      },
    };
  };
  const shown = list("keys", t("overview.keys"), emptyNote(t("overview.keys.none")), make);
  return {
    node: shown.node,
    update({ stats }) {
      const sorted = stats.concurrency_keys.toSorted((one, other) =>
        other.waiting - one.waiting || other.held - one.held || (one.key < other.key ? -1 : 1));
      const keys = sorted.slice(0, MOST);
      const rest = stats.concurrency_keys_in_use - keys.length;
      shown.update(keys, (key) => key.key, rest > 0 ? t("overview.keys.more", { n: number(rest) }) : "");
    },
  };
}
