// Converts the form's fields to the JSON of a submission, and a task back to fields.

import { submitAddress } from "./api.js";
import { bytes, checkNumber, jsonError, NAME } from "./checks.js";
import { t } from "./i18n.js";
import { readUnique, uniqueFields, uniqueFormField, uniqueMembers } from "./unique.js";

/** The form's numeric fields: minimum, maximum, and whether integers only. */
const numbers = {
  priority: [-2147483648, 2147483647, true],
  max_retry: [0, 1000, true],
  queue_timeout: [0, 1e9, false],
  process_timeout: [0, 1e9, false],
  max_concurrency: [1, 1_000_000, true],
  delay: [0, 1e9, false],
};

const policyNumbers = {
  policy_delay: ["delay", 0, 1e9],
  policy_max_delay: ["max_delay", 0, 1e9],
  policy_jitter: ["jitter", 0, 1],
};

/**
 * Parses the fields, each a string. Returns `{members, errors}`: the submission's members as pairs of name and JSON
 * text, and error messages by field name.
 */
export function read(fields) {
  const members = [];
  const errors = {};
  const type = fields.type.trim();
  if (type === "") errors.type = t("invalid.type.required");
  else if (!NAME.test(type)) errors.type = t("invalid.type");
  members.push(["type", JSON.stringify(type)]);
  const payload = fields.payload.trim();
  if (payload !== "") {
    const error = jsonError(payload);
    if (error) errors.payload = error;
    else members.push(["payload", payload]);
  }
  for (const [name, [least, most, isWhole]] of Object.entries(numbers)) {
    const text = fields[name].trim();
    if (text === "" || (name === "delay" && fields.when !== "delay")) continue;
    const error = checkNumber(text, least, most, isWhole);
    if (error) errors[name] = error;
    else members.push([name, String(Number(text))]);
  }
  if (fields.when === "at") {
    const date = new Date(fields.run_at);
    if (fields.run_at === "" || Number.isNaN(date.getTime())) errors.run_at = t("invalid.time");
    else members.push(["run_at", JSON.stringify(date.toISOString())]);
  }
  const key = fields.concurrency_key;
  if (bytes(key) > 256) errors.concurrency_key = t("invalid.long", { n: 256 });
  else if (key !== "") members.push(["concurrency_key", JSON.stringify(key)]);
  readUnique(fields, members, errors);
  readMetadata(fields.metadata.trim(), members, errors);
  const policy = readPolicy(fields, errors);
  if (policy.length > 0) members.push(["retry_policy", `{${policy.join(",")}}`]);
  return { members, errors };
}

function readMetadata(text, members, errors) {
  if (text === "") return;
  const error = jsonError(text) ?? (text.startsWith("{") ? null : t("invalid.object", { example: '{"user":7}' }));
  if (error) errors.metadata = error;
  else if (bytes(text) > 4096) errors.metadata = t("invalid.long", { n: 4096 });
  else members.push(["metadata", text]);
}

function readPolicy(fields, errors) {
  const parts = fields.strategy === "" ? [] : [`"strategy":${JSON.stringify(fields.strategy)}`];
  for (const [field, [name, least, most]] of Object.entries(policyNumbers)) {
    const text = fields[field].trim();
    if (text === "") continue;
    const error = checkNumber(text, least, most, false);
    if (error) errors[field] = error;
    else parts.push(`"${name}":${Number(text)}`);
  }
  return parts;
}

/** The submission as JSON text, with the payload exactly as entered. */
export function body(members) {
  return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}

/** The shell command that submits `json`. */
export function curlLine(json) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  return `curl -X POST ${quoted(submitAddress)} -H 'Content-Type: application/json' -d ${quoted(json)}`;
}

/** The form's name for the API field `name`. */
export function formField(name) {
  if (name.startsWith("retry_policy.")) {
    const part = name.slice("retry_policy.".length);
    return part === "strategy" ? "strategy" : `policy_${part}`;
  }
  return name === "retry_policy" ? "strategy" : uniqueFormField(name);
}

const options = [
  "priority", "max_retry", "queue_timeout", "process_timeout", "concurrency_key", "max_concurrency",
];

/** The JSON that submits a task like this one. */
export function resubmission(task) {
  const members = [["type", JSON.stringify(task.type)], ["payload", task.rawPayload]];
  for (const name of options) {
    if (task[name] !== null) members.push([name, JSON.stringify(task[name])]);
  }
  members.push(...uniqueMembers(task));
  if (task.metadata !== null) members.push(["metadata", task.rawMetadata]);
  members.push(["retry_policy", JSON.stringify(task.retry_policy)]);
  return body(members);
}

/** The form's fields for submitting a task like this one. */
export function fieldsOf(task) {
  const fields = { type: task.type, payload: task.rawPayload === "null" ? "" : task.rawPayload };
  for (const name of options) fields[name] = task[name] === null ? "" : String(task[name]);
  Object.assign(fields, uniqueFields(task));
  fields.metadata = task.metadata === null ? "" : task.rawMetadata;
  fields.strategy = task.retry_policy.strategy;
  for (const [field, [name]] of Object.entries(policyNumbers)) fields[field] = String(task.retry_policy[name]);
  return fields;
}
