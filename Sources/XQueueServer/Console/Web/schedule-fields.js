// Converts the form's fields to the JSON of a schedule, and a schedule back to fields.

import { checkNumber, jsonError, NAME } from "./checks.js";
import { t } from "./i18n.js";
import { pretty } from "./json.js";
import { fieldTime } from "./zones.js";

/** The form's numeric fields: minimum, maximum, and whether integers only. */
const numbers = {
  catch_up_window: [0, 315_360_000, false],
  jitter: [0, 86_400, false],
  max_runs: [1, 1_000_000_000, true],
  pause_after_failures: [1, 1000, true],
};

/** Fields of a new schedule; the others begin with the first choice, or empty. */
export const newSchedule = {
  time_zone: "UTC", task: '{\n  "type": "",\n  "payload": null\n}',
};

/** The path of previews in the API. */
const isReserved = (name) => name === "preview";

export const isName = (name) => NAME.test(name) && !isReserved(name);

function readNumber(fields, name, [least, most, isWhole], members, errors) {
  const text = fields[name].trim();
  if (text === "") return;
  const error = checkNumber(text, least, most, isWhole);
  if (error) errors[name] = error;
  else members.push([name, String(Number(text))]);
}

/**
 * Parses the fields that say when it fires. Returns `{members, errors}`: the members as pairs of name and JSON text, and
 * error messages by field name.
 */
export function readTiming(fields) {
  const members = [];
  const errors = {};
  if (fields.rule === "cron") {
    const cron = fields.cron.trim();
    if (cron === "") errors.cron = t("invalid.cron.required");
    else members.push(["cron", JSON.stringify(cron)]);
    if (fields.dst === "fixed") members.push(["dst", JSON.stringify({ gap: fields.gap, fold: fields.fold })]);
  } else {
    if (fields.every.trim() === "") errors.every = t("invalid.every.required");
    readNumber(fields, "every", [1, 315_360_000, true], members, errors);
    readNumber(fields, "offset", [0, 315_360_000, true], members, errors);
  }
  const zone = fields.time_zone.trim();
  if (zone !== "") members.push(["time_zone", JSON.stringify(zone)]);
  return { members, errors };
}

/**
 * Parses all fields but the name, each a string. `base` is the schedule being edited, null for a new one. Returns the same
 * as `readTiming`.
 */
export function readSchedule(fields, base) {
  const { members, errors } = readTiming(fields);
  for (const name of ["overlap", "catch_up"]) members.push([name, JSON.stringify(fields[name])]);
  for (const [name, limits] of Object.entries(numbers)) readNumber(fields, name, limits, members, errors);
  for (const name of ["starts_at", "ends_at"]) {
    const time = readTime(fields[name], base?.[name] ?? null);
    if (time === undefined) errors[name] = t("invalid.time");
    else if (time !== null) members.push([name, JSON.stringify(time)]);
  }
  const task = fields.task.trim();
  const error = jsonError(task) ?? (task.startsWith("{") ? null : t("invalid.object", { example: '{"type":"report"}' }));
  if (error) errors.task = error;
  else members.push(["task", task]);
  return { members, errors };
}

/**
 * The API's time for a `datetime-local` field; null if it is empty, undefined if it is invalid. An unchanged field stays
 * exactly the same, although a local time may exist twice.
 */
export function readTime(text, original = null) {
  if (text === "") return null;
  if (text === fieldTime(original)) return original;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

const written = (value) => (value === null || value === undefined ? "" : String(value));

/** The form's fields for changing a schedule. */
export function fieldsOf(schedule) {
  const isFixed = typeof schedule.dst === "object" && schedule.dst !== null;
  const fields = {
    name: schedule.name, rule: schedule.cron ? "cron" : "every", cron: written(schedule.cron),
    every: written(schedule.every), offset: schedule.offset ? String(schedule.offset) : "",
    time_zone: schedule.time_zone, dst: isFixed ? "fixed" : "auto",
    overlap: schedule.overlap, catch_up: schedule.catch_up,
    starts_at: fieldTime(schedule.starts_at), ends_at: fieldTime(schedule.ends_at),
    task: pretty(schedule.rawTask),
  };
  if (isFixed) Object.assign(fields, schedule.dst);
  for (const name of Object.keys(numbers)) fields[name] = written(schedule[name]);
  return fields;
}

/** The form's name for the API field `name`. */
export function formField(name) {
  if (name.startsWith("dst.")) return name.slice("dst.".length);
  return name.split(".")[0];
}

const defined = [
  "cron", "every", "offset", "time_zone", "dst", "overlap", "catch_up", "catch_up_window", "jitter", "starts_at", "ends_at",
  "max_runs", "pause_after_failures", "rawTask",
];

/** Whether two reports are of the same definition: the version also counts pauses. */
export const isSame = (one, other) =>
  defined.every((name) => JSON.stringify(one[name] ?? null) === JSON.stringify(other[name] ?? null));
