// The overview: the queue's current state and its last minutes.

import { lineChart } from "./chart.js";
import { serverNow } from "./clock.js";
import { h, setText, show } from "./dom.js";
import { number, rate, span } from "./format.js";
import { t } from "./i18n.js";
import { STATUSES } from "./model.js";
import { backlogList, keyList, workerList } from "./overview-lists.js";
import { logCard } from "./overview-log.js";
import { sinksCard } from "./overview-sinks.js";

/** Minimum time between redraws of the charts while events arrive, in milliseconds. */
const CHART_PACE = 500;
/** Maximum delay of the store's counts, in seconds. */
const KNOWN_LATE = 10;

export function overviewView({ model }) {
  const tiles = STATUSES.map((status) => tile(status));
  const facts = {
    oldest: fact(t("overview.oldest")),
    slots: fact(t("overview.slots")),
    rate: fact(t("overview.rate")),
    uptime: fact(t("overview.uptime")),
  };
  const throughput = lineChart({
    name: "throughput",
    title: t("chart.throughput"),
    unit: t("chart.throughput.unit"),
    format: rate,
    recent: KNOWN_LATE,
    lines: [
      { name: "submitted", label: t("chart.submitted") },
      { name: "success", label: t("chart.succeeded"), isFilled: true },
      { name: "failed", label: t("chart.failed") },
    ],
  });
  const latency = lineChart({
    name: "latency",
    title: t("chart.latency"),
    unit: t("chart.latency.unit"),
    format: span,
    least: 0.01,
    lines: [
      { name: "wait", label: t("chart.wait") },
      { name: "wait", label: t("chart.wait95"), isDashed: true },
      { name: "run", label: t("chart.run") },
      { name: "run", label: t("chart.run95"), isDashed: true },
    ],
  });
  const backlog = backlogList();
  const workers = workerList();
  const keys = keyList();
  const log = logCard();
  const sinks = sinksCard();
  const node = h(
    "div",
    { class: "overview" },
    h("h1", { class: "off-screen" }, t("nav.overview")),
    h("ul", { class: "tiles", "aria-label": t("overview.counts") }, tiles.map((entry) => entry.node)),
    h("dl", { class: "facts-row" }, Object.values(facts).map((entry) => entry.node)),
    h("div", { class: "columns" }, throughput.node, latency.node),
    h("div", { class: "columns three" }, backlog.node, workers.node, keys.node),
    log.node,
    sinks.node,
  );

  let drawnAt = 0;

  function drawCharts() {
    drawnAt = performance.now();
    const now = serverNow();
    const { series } = model;
    throughput.draw(["submitted", "succeeded", "failed"].map((name) => series.rates(name, now)));
    latency.draw([
      ...series.quantiles("waits", now, [0.5, 0.95]), ...series.quantiles("runs", now, [0.5, 0.95]),
    ]);
  }

  function paint() {
    for (const entry of tiles) entry.update(model.counts[entry.status]);
    const { stats } = model;
    if (stats) {
      const running = model.nodes.reduce((sum, entry) => sum + entry.running, 0);
      const areSlotsKnown = stats.total_workers !== null;
      facts.slots.update(
        areSlotsKnown ? number(running) : "–", areSlotsKnown ? t("overview.slots.of", { n: stats.total_workers }) : "");
      const { rates } = stats;
      const done = rates.succeeded + rates.failed + rates.timed_out + rates.canceled;
      facts.rate.update(rates.succeeded === null ? "–" : t("per_second", { n: rate(done) }));
      backlog.update(model);
      workers.update(model);
      keys.update(model);
      log.update(model);
      sinks.update(model);
    }
    if (performance.now() - drawnAt >= CHART_PACE) drawCharts();
  }

  function tick() {
    const age = model.oldestAge;
    facts.oldest.update(
      age === null ? "–" : span(age), model.counts.pending === 0 ? t("overview.oldest.none") : "");
    if (model.stats) {
      facts.uptime.update(span(model.stats.uptime + (serverNow() - model.snapshotAt) / 1000));
    }
    drawCharts();
  }

  paint();
  tick();
  return {
    node,
    paint,
    tick,
    close() {
      throughput.close();
      latency.close();
    },
  };
}

function tile(status) {
  const count = h("b", { class: "tile-count" }, "–");
  const node = h("li", {}, h(
    "a",
    { class: "tile", href: `#/tasks?status=${status}`, "data-status": status },
    h("span", { class: "tile-name" }, t(`status.${status}`)),
    count,
  ));
  return { node, status, update: (value) => setText(count, value === null ? "–" : number(value)) };
}

function fact(name) {
  const value = h("b", {}, "–");
  const more = h("span", { class: "muted" });
  const node = h("div", {}, h("dt", {}, name), h("dd", {}, value, " ", more));
  return {
    node,
    update(text, rest = "") {
      setText(value, text);
      setText(more, rest);
      show(more, rest !== "");
    },
  };
}
