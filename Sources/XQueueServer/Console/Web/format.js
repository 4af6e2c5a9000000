// Formats numbers, durations and times in the user's language.

import { serverNow } from "./clock.js";
import { language, number, t } from "./i18n.js";

export { number };

const cache = new Map();

/** A format of `Intl` in the user's language, which `make(tag)` makes once. */
export function cached(kind, make) {
  const key = `${language()} ${kind}`;
  let format = cache.get(key);
  if (!format) {
    format = make(language() === "zh" ? "zh-CN" : "en-GB");
    cache.set(key, format);
  }
  return format;
}

/** A rate per second, with more digits for small values. */
export function rate(value) {
  const digits = value === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return cached(
    `rate${digits}`,
    (tag) => new Intl.NumberFormat(tag, { maximumFractionDigits: digits }),
  ).format(value);
}

/** A duration given in seconds, in at most two units. */
export function span(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  const value = Math.max(0, seconds);
  if (value < 0.9995) return t("span.ms", { n: number(Math.round(value * 1000)) });
  if (value < 9.95) return t("span.s", { n: value.toFixed(1) });
  if (value < 59.5) return t("span.s", { n: Math.round(value) });
  const whole = Math.round(value);
  const units = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => whole >= size);
  const parts = [];
  let rest = whole;
  for (const [name, size] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 || parts.length === 0) parts.push(t(`span.${name}`, { n: number(count) }));
  }
  return parts.join(" ");
}

/** The time to the millisecond, preceded by the date unless it is today. */
export function clockTime(milliseconds) {
  const date = new Date(milliseconds);
  const today = new Date();
  const time = cached("time", (tag) => new Intl.DateTimeFormat(tag, {
    hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false,
  })).format(date);
  if (date.toDateString() === today.toDateString()) return time;
  return `${cached("day", (tag) => new Intl.DateTimeFormat(tag, {
    year: "numeric", month: "short", day: "numeric",
  })).format(date)} ${time}`;
}

/** A time relative to now. */
export function ago(milliseconds) {
  const seconds = (milliseconds - serverNow()) / 1000;
  const format = cached("ago", (tag) => new Intl.RelativeTimeFormat(tag, { numeric: "auto", style: "short" }));
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  if (Math.abs(seconds) < 1) return t("time.now");
  return format.format(Math.trunc(seconds), "second");
}

export function percent(part, whole) {
  return whole > 0 ? Math.min(100, Math.max(0, (100 * part) / whole)) : 0;
}
