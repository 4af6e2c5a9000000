// The overview's card for event brokers: their problems, rejected messages and lag.

import { h, KeyedList, setText, show } from "./dom.js";
import { t } from "./i18n.js";
import { card } from "./parts.js";

/** Hidden if there are no brokers or the user may not see them. */
export function sinksCard() {
  const rows = h("ul", { class: "rows log-rows" });
  const keyed = new KeyedList(rows, sinkRow);
  const node = card(t("overview.sinks"), { name: "sinks" }, rows);
  show(node, false);
  return {
    node,
    update({ stats }) {
      show(node, stats.sinks.length > 0);
      keyed.update(stats.sinks, (sink) => sink.name);
    },
  };
}

function sinkRow(item) {
  const state = h("span", { class: "muted" });
  const refused = h("span", { class: "flag" });
  const lost = h("span", { class: "flag" });
  const counts = h("p", { class: "muted small-text" });
  const problem = h("p", { class: "flag wide", role: "status" });
  const node = h(
    "li",
    { "data-sink": item.name },
    h("div", { class: "row-head" }, h("b", {}, item.name), refused, lost, state),
    counts,
    problem,
  );
  return {
    node,
    update(sink) {
      setText(state, t(sink.draining ? (sink.connected ? "sink.connected" : "sink.apart") : "sink.elsewhere"));
      show(refused, sink.refused > 0);
      setText(refused, t("sink.refused", { n: sink.refused }));
      show(lost, sink.lost > 0);
      setText(lost, t("sink.lost", { n: sink.lost }));
      setText(counts, t("sink.counts", { lag: sink.lag, delivered: sink.delivered }));
      show(problem, sink.error !== null);
      setText(problem, sink.error === null ? "" : t("sink.error", { message: sink.error }));
    },
  };
}
