// The lists of the overview: backlog per type, load per worker, usage per concurrency key.

import { h, KeyedList, setAttribute, setText, show } from "./dom.js";
import { number } from "./format.js";
import { t } from "./i18n.js";
import { card, emptyNote, firstTask, loadWords, meter } from "./parts.js";

/** Number of rows shown before a list is expanded. */
const MAX_ROWS = 12;

/** An expandable list that initially shows only its first rows. */
function list(name, title, note, make) {
  const rows = h("ul", { class: "rows", id: `rows-${name}` });
  const keyed = new KeyedList(rows, make);
  let isWhole = false;
  let last = [[], null, 0];
  const more = h("button", {
    type: "button", class: "button small", hidden: true, "aria-controls": rows.id,
    on: {
      click: () => {
        isWhole = !isWhole;
        update(...last);
      },
    },
  });
  const rest = h("p", { class: "muted small-text", hidden: true });
  const node = card(title, { name }, rows, h("div", { class: "list-more" }, more, rest), note);

  /** `unlisted` is the number of further items that the server does not list. */
  function update(items, keyOf, unlisted = 0) {
    last = [items, keyOf, unlisted];
    const hidden = items.length - MAX_ROWS;
    show(note, items.length === 0);
    show(rows, items.length > 0);
    show(more, hidden > 0);
    setText(more, isWhole ? t("list.less") : t("list.more", { n: hidden }));
    setAttribute(more, "aria-expanded", String(isWhole));
    const showsRest = unlisted > 0 && (isWhole || hidden <= 0);
    show(rest, showsRest);
    setText(rest, showsRest ? t("list.untold", { n: unlisted }) : "");
    keyed.update(isWhole ? items : items.slice(0, MAX_ROWS), keyOf);
  }

  return { node, update };
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
        h("a", { class: "cut", href: `#/tasks?type=${encodeURIComponent(item.type)}`, title: item.type }, item.type),
        flag, count),
      bar,
    );
    return {
      node,
      update(type) {
        const words = t("backlog.counts", { pending: type.pending, processing: type.processing });
        setText(count, number(type.pending));
        setAttribute(bar, "aria-label", words);
        setAttribute(node, "title", words);
        running.style.inlineSize = `${(100 * type.processing) / type.most}%`;
        pending.style.inlineSize = `${(100 * type.pending) / type.most}%`;
        // An unserved type is a problem only if it has pending tasks.
        const isMissed = !type.has_handler && type.pending > 0;
        const flagText = type.paused ? t("paused") : isMissed ? t("unserved") : "";
        show(flag, flagText !== "");
        setText(flag, flagText);
      },
    };
  };
  const shown = list("backlog", t("overview.backlog"), emptyNote(t("overview.backlog.none"), firstTask()), make);
  return {
    node: shown.node,
    update({ types, isEmpty }) {
      if (isEmpty) return shown.update([], (type) => type.type);
      const sorted = types.toSorted((one, other) =>
        other.pending - one.pending || other.processing - one.processing || (one.type < other.type ? -1 : 1));
      const most = Math.max(1, ...sorted.map((type) => type.pending + type.processing));
      return shown.update(sorted.map((type) => ({ ...type, most })), (type) => type.type);
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
        const text = loadWords(worker);
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
      shown.update(workers, (node) => node.id);
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
        const text = t("keys.of", { used: key.held, limit: key.limit });
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
      shown.update(sorted, (key) => key.key, stats.concurrency_keys_in_use - sorted.length);
    },
  };
}
