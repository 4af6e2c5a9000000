// Unique keys: the form's fields to the JSON of a submission and back, and what is said about them.

import { bytes, checkNumber } from "./checks.js";
import { span } from "./format.js";
import { t } from "./i18n.js";

const MAX_KEY = 256;
/** The length of `#` and a digest, which the server appends to the key if parts of the payload belong to it. */
const DIGEST = 65;
const MAX_PATHS = 32;

/** The form's numeric fields and their API names; the server's range is in seconds. */
const numbers = { unique_window: "window", unique_wait: "wait", unique_max_wait: "max_wait" };
const LEAST = 0.001;
const MOST = 315_360_000;

/** The form's fields that matter with these values: the others are hidden, and not sent. */
export function relevantFields(fields) {
  const { unique_on_conflict: conflict } = fields;
  const names = ["unique_key", "unique_parts", "unique_on_conflict", "unique_across_types"];
  if (fields.unique_parts === "some") names.push("unique_by");
  if (conflict === "debounce") return [...names, "unique_wait", "unique_max_wait", "unique_keep"];
  if (conflict === "rerun") return names;
  return [...names, "unique_until", ...(fields.unique_until === "started" ? [] : ["unique_window"])];
}

/** Those about the key that a task holds. What its submission did about other tasks is not kept, and cannot be edited. */
export function heldFields(fields) {
  const names = ["unique_key", "unique_until", "unique_window", "unique_across_types"];
  return relevantFields(fields).filter((name) => names.includes(name));
}

/** Adds the member `unique`, or the short `unique_key`, and the errors of its fields. */
export function readUnique(fields, members, errors) {
  const isWanted = (name) => relevantFields(fields).includes(name);
  const parts = [];
  const key = fields.unique_key;
  if (key !== "") parts.push(["key", JSON.stringify(key)]);
  const most = MAX_KEY - (fields.unique_parts === "" ? 0 : DIGEST);
  if (bytes(key) > most) errors.unique_key = t("invalid.long", { n: most });
  if (fields.unique_parts === "all") parts.push(["by", "[]"]);
  if (isWanted("unique_by")) {
    const paths = fields.unique_by.split(",").map((path) => path.trim()).filter((path) => path !== "");
    if (paths.length === 0) errors.unique_by = t("invalid.unique.by");
    else if (paths.length > MAX_PATHS) errors.unique_by = t("invalid.unique.paths", { n: MAX_PATHS });
    else parts.push(["by", JSON.stringify(paths)]);
  }
  const rule = readRule(fields, isWanted, errors);
  if (key === "" && fields.unique_parts === "") {
    // Without a key there is nothing to be unique.
    if (rule.length > 0) errors.unique_key = t("invalid.unique.key");
  } else if (rule.length === 0 && fields.unique_parts === "") {
    members.push(["unique_key", JSON.stringify(key)]);
  } else {
    members.push(["unique", `{${[...parts, ...rule].map(([name, text]) => `"${name}":${text}`).join(",")}}`]);
  }
}

/** Everything but the key, as pairs of name and JSON text; defaults are left out. */
function readRule(fields, isWanted, errors) {
  const rule = [];
  const choose = (field, name, usual) => {
    if (isWanted(field) && fields[field] !== usual) rule.push([name, JSON.stringify(fields[field])]);
  };
  choose("unique_until", "until", "done");
  choose("unique_on_conflict", "on_conflict", "return");
  choose("unique_keep", "keep", "latest");
  if (fields.unique_across_types === "yes") rule.push(["across_types", "true"]);
  for (const [field, name] of Object.entries(numbers)) {
    const text = fields[field].trim();
    if (!isWanted(field)) continue;
    const isRequired = field === "unique_wait" || (field === "unique_window" && fields.unique_until === "window");
    const error = text === "" ? isRequired && t("invalid.required") : checkNumber(text, LEAST, MOST, false);
    if (error) errors[field] = error;
    else if (text !== "") rule.push([name, String(Number(text))]);
  }
  return rule;
}

/** The form's name for the API field `name`. */
export function uniqueFormField(name) {
  if (name === "unique") return "unique_key";
  return name.startsWith("unique.") ? name.replace("unique.", "unique_") : name;
}

/** The form's fields for submitting a task like this one. What it did about other tasks is not kept. */
export function uniqueFields({ unique }) {
  if (unique === null) return {};
  return {
    unique_key: unique.key, unique_until: unique.until, unique_across_types: unique.across_types ? "yes" : "no",
    unique_window: unique.window === null ? "" : String(unique.window),
  };
}

/** The member of a submission like this task, as pairs of name and JSON text. */
export function uniqueMembers({ unique }) {
  return unique === null ? [] : [["unique", JSON.stringify(unique)]];
}

/** How long a task holds its unique key, in words; null without one. */
export function uniqueWords({ unique }) {
  if (unique === null) return null;
  const isLong = unique.until === "done" && unique.window !== null;
  const words = t(`unique.until.${isLong ? "later" : unique.until}`, {
    span: unique.window === null ? "" : span(unique.window),
  });
  return unique.across_types ? t("unique.across_types", { words }) : words;
}

/** What a submission became, in words; `done` is the text for a new task. */
export function outcome(task, done = "submit.done", values = {}) {
  const key = task.deduplicated ? "submit.existing"
    : task.replaced ? "submit.replaced"
      : task.pending_reason === "blocked" ? "submit.blocked" : done;
  return t(key, { id: task.id, ...values });
}
