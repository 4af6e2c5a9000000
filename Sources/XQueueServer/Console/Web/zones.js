// Times in two time zones: the schedule's, as the server wrote them, and the reader's.

import { cached } from "./format.js";

/** The reader's time zone, such as `Europe/Berlin`. */
export const readerZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

const twoDigits = (value) => String(value).padStart(2, "0");

/** The reader's offset from UTC at a time, such as `+02:00`. */
function readerOffset(milliseconds) {
  const minutes = -new Date(milliseconds).getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${twoDigits(Math.floor(size / 60))}:${twoDigits(size % 60)}`;
}

/** A time of day with its date, and the year unless it is this one. */
function write(milliseconds, timeZone) {
  const date = new Date(milliseconds);
  const hasSeconds = milliseconds % 60_000 !== 0;
  const hasYear = date.getFullYear() !== new Date().getFullYear();
  return cached(`tick ${timeZone} ${hasSeconds} ${hasYear}`, (tag) => new Intl.DateTimeFormat(tag, {
    timeZone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    ...(hasSeconds ? { second: "2-digit" } : {}), ...(hasYear ? { year: "numeric" } : {}),
  })).format(date);
}

/**
 * A tick's time in the schedule's zone: `{text, offset}`. It is taken from the server's text, such as
 * `2026-03-29T03:00:00+02:00`, because the browser may know other rules of that zone, or none.
 */
export function zoneTime(local) {
  return { text: write(Date.parse(`${local.slice(0, 19)}Z`), "UTC"), offset: local.slice(19) };
}

/** The same of any time in the reader's zone. */
export function readerTime(milliseconds) {
  return { text: write(milliseconds, undefined), offset: readerOffset(milliseconds) };
}

/** The value of a `datetime-local` field for a time of the API; empty for null. */
export function fieldTime(text) {
  if (text === null || text === undefined) return "";
  const date = new Date(text);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString();
  return local.slice(0, date.getMilliseconds() === 0 ? 19 : 23);
}
