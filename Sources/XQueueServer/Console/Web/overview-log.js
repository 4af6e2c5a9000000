// The overview's card for the intake log: its problems, and the lag of each partition.

import { h, KeyedList, setAttribute, setText, show } from "./dom.js";
import { t } from "./i18n.js";
import { card, meter } from "./parts.js";

/** Hidden if there is no log. */
export function logCard() {
  const problem = h("p", { class: "flag wide", role: "status", hidden: true });
  const summary = h("p", { class: "muted" });
  const rows = h("ul", { class: "rows log-rows" });
  const keyed = new KeyedList(rows, partitionRow);
  const node = card(t("overview.log"), { name: "log" }, problem, summary, rows);
  show(node, false);
  return {
    node,
    update({ stats }) {
      const log = stats.intake;
      show(node, log !== null);
      if (log === null) return;
      const trouble = log.error ?? (log.held ? t("log.held") : "");
      show(problem, trouble !== "");
      setText(problem, trouble);
      setText(summary, t("log.summary", {
        lag: log.lag, fed: log.fed, known: log.known, rejected: log.rejected,
      }));
      const most = Math.max(100, ...log.partitions.map((partition) => partition.lag));
      keyed.update(log.partitions.map((partition) => ({ ...partition, most })), (item) => item.partition);
    },
  };
}

function partitionRow(item) {
  const name = t("log.partition", { n: item.partition });
  const lag = meter(name);
  const words = h("span", { class: "muted" });
  const here = h("span", { class: "flag calm", hidden: true }, t("log.here"));
  const node = h("li", {}, h("div", { class: "row-head" }, h("span", {}, name), here, words), lag.node);
  return {
    node,
    update(partition) {
      const text = t("log.lag", { n: partition.lag });
      setText(words, text);
      setAttribute(node, "title", t("log.place", {
        committed: partition.committed ?? 0, end: partition.end,
      }));
      show(here, partition.assigned);
      lag.update(partition.lag, partition.most, text);
    },
  };
}
