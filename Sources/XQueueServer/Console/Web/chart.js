// A line chart of the last minutes, as SVG.

import { h, s, setAttribute, setText, show } from "./dom.js";
import { t } from "./i18n.js";
import { WINDOW } from "./series.js";

const HEIGHT = 168;
const TOP = 10;
const BOTTOM = 22;
const LEFT = 64;
const RIGHT = 10;
const MINUTES = [5, 4, 3, 2, 1];

/** Returns a round number at or above `value`, and the number of parts to divide it into. */
function niceTop(value) {
  if (!(value > 0)) return [1, 2];
  const power = 10 ** Math.floor(Math.log10(value));
  for (const [step, parts] of [[1, 2], [2, 2], [3, 3], [4, 2], [5, 2], [6, 3], [8, 2]]) {
    if (step * power >= value) return [step * power, parts];
  }
  return [10 * power, 2];
}

/**
 * A chart of `lines`, each `{name, label, isDashed, isFilled}`. `format` formats a value. Returns
 * `{node, draw(lists)}`; each list holds a value for each step up to now, or null for unknown values, which are gaps.
 * The legend shows the last value if it is among the `recent` newest.
 */
export function lineChart({ name, title, unit, lines, format, least = 0, recent = 1 }) {
  const grid = s("g", { class: "grid" });
  const drawn = lines.map((line) => ({
    fill: line.isFilled ? s("path", { class: "area", "data-line": line.name }) : null,
    path: s("path", { class: line.isDashed ? "line dashed" : "line", "data-line": line.name }),
  }));
  const cursor = s("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
  const picture = s(
    "svg",
    { class: "chart", role: "img", height: HEIGHT },
    grid,
    drawn.map((entry) => entry.fill),
    drawn.map((entry) => entry.path),
    cursor,
  );
  const values = lines.map(() => h("b", {}, "–"));
  const legend = h("ul", { class: "legend" }, lines.map((line, index) => h(
    "li",
    {},
    h("span", { class: line.isDashed ? "key dashed" : "key", "data-line": line.name }),
    h("span", { class: "key-name" }, line.label),
    values[index],
  )));
  const tip = h("div", { class: "tip", hidden: true });
  const box = h("div", { class: "chart-box" }, picture, tip);
  const node = h(
    "section",
    { class: "card chart-card", "aria-labelledby": `chart-${name}` },
    h("div", { class: "card-head" },
      h("h2", { id: `chart-${name}` }, title), h("span", { class: "muted unit" }, unit)),
    legend,
    box,
  );

  let lists = lines.map(() => []);
  let width = 0;
  let pointed = null;
  let frame = { shape: "", top: 1 };

  const x = (index, count) => LEFT + ((width - LEFT - RIGHT) * (count > 1 ? index / (count - 1) : 1));
  const y = (value, top) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);

  function drawGrid(top, parts) {
    const shape = `${width} ${top}`;
    if (frame.shape === shape) return;
    frame = { shape, top };
    setAttribute(picture, "viewBox", `0 0 ${width} ${HEIGHT}`);
    setAttribute(picture, "width", width);
    const nodes = [];
    for (let index = 0; index <= parts; index += 1) {
      const value = (top * index) / parts;
      const place = y(value, top).toFixed(1);
      nodes.push(s("line", { x1: LEFT, x2: width - RIGHT, y1: place, y2: place }));
      nodes.push(s("text", { x: LEFT - 8, y: place, class: "end" }, format(value)));
    }
    // If space is short, only every other one.
    for (const minute of MINUTES.filter((number) => width > 420 || number % 2 === 1)) {
      const place = LEFT + (width - LEFT - RIGHT) * (1 - (minute * 60) / WINDOW);
      nodes.push(s("text", { x: place, y: HEIGHT - 5, class: minute === 5 ? "start" : "middle" },
        t("chart.minutes", { n: minute })));
    }
    nodes.push(s("text", { x: width - RIGHT, y: HEIGHT - 5, class: "end" }, t("chart.now")));
    grid.replaceChildren(...nodes);
  }

  /** Splits a list at its gaps; returns the points of each part. */
  function stretches(list, top) {
    const found = [];
    let open = null;
    list.forEach((value, index) => {
      if (value === null) {
        open = null;
        return;
      }
      if (!open) found.push(open = []);
      open.push([x(index, list.length).toFixed(1), y(value, top).toFixed(1)]);
    });
    return found;
  }

  /** A single value becomes a dot. */
  const outline = (places) => `M${places.map((place) => place.join(" ")).join("L")}h.01`;

  function area(places, top) {
    const floor = y(0, top).toFixed(1);
    return `${outline(places)}L${places.at(-1)[0]} ${floor}L${places[0][0]} ${floor}Z`;
  }

  function render() {
    if (width === 0) return;
    const highest = Math.max(least, ...lists.map((list) => Math.max(0, ...list.map((value) => value ?? 0))));
    const [top, parts] = niceTop(highest);
    drawGrid(top, parts);
    lists.forEach((list, index) => {
      const parts = stretches(list, top);
      setAttribute(drawn[index].path, "d", parts.map(outline).join(""));
      if (drawn[index].fill) setAttribute(drawn[index].fill, "d", parts.map((part) => area(part, top)).join(""));
    });
    lines.forEach((line, index) => setText(values[index], latest(index)));
    setAttribute(picture, "aria-label",
      `${title}. ${lines.map((line, index) => `${line.label}: ${latest(index)}`).join(". ")}`);
    point();
  }

  function latest(index) {
    const value = lists[index].slice(-recent).findLast((each) => each !== null);
    return value === undefined ? "–" : format(value);
  }

  function point() {
    const count = lists[0].length;
    show(tip, pointed !== null && count > 1);
    setAttribute(cursor, "visibility", pointed === null ? "hidden" : "visible");
    if (pointed === null || count < 2) return;
    const share = (pointed - LEFT) / (width - LEFT - RIGHT);
    const index = Math.min(count - 1, Math.max(0, Math.round(share * (count - 1))));
    const place = x(index, count);
    setAttribute(cursor, "x1", place);
    setAttribute(cursor, "x2", place);
    const rows = lines.map((line, number) => {
      const value = lists[number][index];
      return h("div", {}, h("span", { class: line.isDashed ? "key dashed" : "key", "data-line": line.name }),
        h("span", {}, line.label), h("b", {}, value === null || value === undefined ? "–" : format(value)));
    });
    tip.replaceChildren(...rows);
    const isLeft = place > width / 2;
    tip.style.insetInlineStart = isLeft ? "auto" : `${place + 10}px`;
    tip.style.insetInlineEnd = isLeft ? `${width - place + 10}px` : "auto";
  }

  box.addEventListener("pointermove", (event) => {
    pointed = event.clientX - box.getBoundingClientRect().left;
    point();
  });
  box.addEventListener("pointerleave", () => {
    pointed = null;
    point();
  });
  const observer = new ResizeObserver(([entry]) => {
    const next = Math.round(entry.contentRect.width);
    if (next === width) return;
    width = next;
    render();
  });
  observer.observe(box);

  return {
    node,
    draw(next) {
      lists = next;
      render();
    },
    close: () => observer.disconnect(),
  };
}
