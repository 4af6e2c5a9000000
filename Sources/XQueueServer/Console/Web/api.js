// Client of the HTTP API.

import { noteDate, noteSecond } from "./clock.js";
import { rawMember } from "./json.js";

const base = new URL("api/v1/", document.baseURI);
/** Timeout of requests, in milliseconds. */
const TIMEOUT = 60_000;
/** Timeout of `stats`: later results would be out of date. */
const STATS_TIMEOUT = 10_000;

/** Why a request failed; `field` is the offending field of a submission. */
export class APIError extends Error {
  constructor(message, { status = 0, code = "unreachable", field = null } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

async function call(path, { method = "GET", body, version, signal, timeout = TIMEOUT } = {}) {
  const askedAt = Date.now();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeout);
  signal?.addEventListener("abort", () => limit.abort());
  let response;
  let text;
  try {
    response = await fetch(new URL(path, base), {
      method,
      body,
      signal: limit.signal,
      cache: "no-store",
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(version === undefined ? {} : { "If-Match": `"${version}"` }),
      },
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new APIError("the server is unreachable");
  } finally {
    clearTimeout(timer);
  }
  const cameAt = Date.now();
  noteDate(response.headers.get("Date"), askedAt, cameAt);
  let value = null;
  try {
    value = JSON.parse(text);
  } catch {
    if (response.ok) {
      throw new APIError("unexpected reply from the server", { status: response.status, code: "no_json" });
    }
  }
  if (response.ok) return { value, text, askedAt, cameAt };
  // The session has expired, whatever was requested.
  if (response.status === 401 && path !== "session") dispatchEvent(new Event("xqueue:locked"));
  throw new APIError(value?.error ?? `HTTP ${response.status}`, {
    status: response.status,
    code: value?.code ?? "http",
    field: value?.field ?? null,
  });
}

/** A task with the raw JSON of its payload, metadata and result. */
function withRaw({ value, text }) {
  return {
    ...value, rawPayload: rawMember(text, "payload"), rawMetadata: rawMember(text, "metadata"),
    rawResult: rawMember(text, "result"),
  };
}

/**
 * The queue's statistics, which also reveal the store's clock. Values known only for all types together are null for
 * tokens limited to types.
 */
async function stats() {
  const { value, askedAt, cameAt } = await call("stats", { timeout: STATS_TIMEOUT });
  const { seconds } = value.rates;
  if (seconds) noteSecond(Date.parse(seconds.start) + 1000 * seconds.submitted.length, askedAt, cameAt);
  return value;
}

/** The API's maximum `offset`; later tasks can only be reached page by page. */
export const MAX_OFFSET = 10_000;

/** The API's maximum number of schedules in a reply. */
const MAX_SCHEDULES = 1000;

/**
 * Returns `size` tasks from `place` on, which is `{ offset }` or `{ after }` with `next` of the previous page, the
 * total number of tasks, and `next`, null after the last task. Large payloads can make it send several requests.
 */
async function page(query, place, size, signal) {
  const tasks = [];
  for (const [name, value] of Object.entries(place)) query.set(name, String(value));
  for (;;) {
    query.set("limit", String(size - tasks.length));
    const { value } = await call(`tasks?${query}`, { signal });
    tasks.push(...value.tasks);
    if (tasks.length >= size || value.next === null) return { tasks, total: value.total, next: value.next };
    query.delete("offset");
    query.set("after", value.next);
  }
}

/** A schedule with the raw JSON of its task. */
const withRawTask = ({ value, text }) => ({ ...value, rawTask: rawMember(text, "task") });

/** The first `count` schedules by name, and whether there are more. */
async function schedules(count) {
  const found = [];
  const query = new URLSearchParams();
  for (;;) {
    query.set("limit", String(Math.min(count - found.length, MAX_SCHEDULES)));
    const { value } = await call(`schedules?${query}`);
    found.push(...value.schedules);
    if (!value.has_more || found.length >= count) return { schedules: found, hasMore: value.has_more };
    query.set("after", value.next);
  }
}

const taskPath = (id) => `tasks/${encodeURIComponent(id)}`;
const typePath = (type) => `types/${encodeURIComponent(type)}`;
const schedulePath = (name) => `schedules/${encodeURIComponent(name)}`;

export const api = {
  session: async () => (await call("session")).value,
  logIn: async (token) => (await call("session", { method: "POST", body: JSON.stringify({ token }) })).value,
  logOut: async () => (await call("session", { method: "DELETE" })).value,
  stats,
  page,
  task: async (id, signal) => withRaw(await call(taskPath(id), { signal })),
  submit: async (body) => withRaw(await call("tasks", { method: "POST", body })),
  /** `patch` is a merge patch over the submission, `version` the one that the task must have. */
  edit: async (id, patch, version) => withRaw(await call(taskPath(id), { method: "PATCH", body: patch, version })),
  cancel: async (id) => (await call(taskPath(id), { method: "DELETE" })).value,
  retry: async (id) => (await call(`${taskPath(id)}/retry`, { method: "POST" })).value,
  pause: async (type) => (await call(`${typePath(type)}/pause`, { method: "POST" })).value,
  limit: async (type, limit) => (await call(`${typePath(type)}/limit`, {
    method: "PUT", body: JSON.stringify({ max_concurrency: limit }),
  })).value,
  resume: async (type) => (await call(`${typePath(type)}/resume`, { method: "POST" })).value,
  deleteType: async (type) => (await call(typePath(type), { method: "DELETE" })).value,
  schedules,
  schedule: async (name) => withRawTask(await call(schedulePath(name))),
  /** `version` is the one it must have, 0 if it must not exist. */
  setSchedule: async (name, body, version) => withRawTask(await call(schedulePath(name), { method: "PUT", body, version })),
  deleteSchedule: async (name) => (await call(schedulePath(name), { method: "DELETE" })).value,
  pauseSchedule: async (name, reason) => (await call(`${schedulePath(name)}/pause`, {
    method: "POST", body: JSON.stringify({ reason }),
  })).value,
  resumeSchedule: async (name) => (await call(`${schedulePath(name)}/resume`, { method: "POST" })).value,
  runSchedule: async (name) => (await call(`${schedulePath(name)}/run`, { method: "POST" })).value,
  backfill: async (name, range) => (await call(`${schedulePath(name)}/backfill`, {
    method: "POST", body: JSON.stringify(range),
  })).value,
  previewSchedule: async (body, signal) => (await call("schedules/preview", { method: "POST", body, signal })).value,
};

/** The URL of the event stream with these parameters. */
export function eventsAddress(parameters) {
  const address = new URL("events", base);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined) address.searchParams.set(name, value);
  }
  return address;
}

/** The URL for submitting tasks, for the curl command. */
export const submitAddress = new URL("tasks", base).href;
