// The console's icons, as line drawings on a 24 × 24 grid.

import { s } from "./dom.js";

const paths = {
  overview: ["M4 19V11", "M10 19V5", "M16 19v-6", "M21 19H3"],
  tasks: ["M4 6h16", "M4 12h16", "M4 18h10"],
  schedules: ["M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z", "M12 8v4l3 2"],
  submit: ["M12 5v14", "M5 12h14"],
  types: ["M4 5h7v6H4z", "M13 5h7v6h-7z", "M4 13h7v6H4z", "M13 13h7v6h-7z"],
  workers: ["M4 5h16v6H4z", "M4 13h16v6H4z", "M7.5 8h.01", "M7.5 16h.01"],
  theme: ["M12 4a8 8 0 1 0 0 16z", "M12 4a8 8 0 0 1 0 16"],
  copy: ["M9 9h10v10H9z", "M5 15V5h10"],
  check: ["m5 12 5 5 9-10"],
  cancel: ["M6 6l12 12", "M18 6 6 18"],
  retry: ["M19 12a7 7 0 1 1-2.2-5.1", "M19 4v4h-4"],
  back: ["M14 6l-6 6 6 6"],
  next: ["M10 6l6 6-6 6"],
  search: ["M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14z", "m20 20-4-4"],
  limit: ["M4 17a8 8 0 0 1 16 0", "m12 17 4-6"],
  pause: ["M8 5v14", "M16 5v14"],
  play: ["M7 5v14l11-7z"],
  remove: ["M5 7h14", "M10 7V4h4v3", "m7 7 1 13h8l1-13"],
  again: ["M4 8h12l-3-3", "M20 16H8l3 3"],
  backfill: ["M11 7l-6 5 6 5z", "M19 7l-6 5 6 5z"],
  run: ["M13 3 6 14h5l-1 7 7-11h-5z"],
  edit: ["M5 19h4L19 9l-4-4L5 15z", "m13 7 4 4"],
  alert: ["M12 4 3 20h18z", "M12 10v4", "M12 17h.01"],
};

/** The icon `name`, hidden from screen readers. */
export function icon(name) {
  return s(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    paths[name].map((path) => s("path", { d: path })),
  );
}

/** The XQueue logo. */
export function mark() {
  return s(
    "svg",
    { class: "mark", viewBox: "0 0 32 32", "aria-hidden": "true", focusable: "false" },
    s("rect", { width: 32, height: 32, rx: 8 }),
    ["M8 10h9", "M8 16h13", "M8 22h9", "m21 11 5 5-5 5"].map((path) => s("path", { d: path })),
  );
}
