// The calls of the HTTP API.

import { noteDate, noteSecond } from "./clock.js";
import { rawMember } from "./json.js";

const base = new URL("api/v1/", document.baseURI);
/** A server that has not answered by then does not answer, in milliseconds. */
const PATIENCE = 60_000;
/** Numbers that are this late say nothing of now. */
const STATS_PATIENCE = 10_000;

/** Why a call did not succeed; `field` names what is wrong with a submission. */
export class APIError extends Error {
  constructor(message, { status = 0, code = "unreachable", field = null } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

async function call(path, { method = "GET", body, signal, patience = PATIENCE } = {}) {
  const askedAt = Date.now();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), patience);
  signal?.addEventListener("abort", () => limit.abort());
  let response;
  let text;
  try {
    response = await fetch(new URL(path, base), {
      method,
      body,
      signal: limit.signal,
      cache: "no-store",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new APIError("the server does not answer");
  } finally {
    clearTimeout(timer);
  }
  const cameAt = Date.now();
  noteDate(response.headers.get("Date"), askedAt, cameAt);
  let value = null;
  try {
    value = JSON.parse(text);
  } catch {
    if (response.ok) throw new APIError("the server's answer is not JSON", { status: response.status, code: "no_json" });
  }
  if (response.ok) return { value, text, askedAt, cameAt };
  // The cookie is over, whatever was asked for.
  if (response.status === 401 && path !== "session") dispatchEvent(new Event("xqueue:locked"));
  throw new APIError(value?.error ?? `HTTP ${response.status}`, {
    status: response.status,
    code: value?.code ?? "http",
    field: value?.field ?? null,
  });
}

/** A task together with its payload and result as they were sent. */
function withRaw({ value, text }) {
  return {
    ...value, rawPayload: rawMember(text, "payload"), rawMetadata: rawMember(text, "metadata"),
    rawResult: rawMember(text, "result"),
  };
}

/**
 * The queue in numbers. They tell the store's clock as well. What is only known of all types together is null for a
 * token of some.
 */
async function stats() {
  const { value, askedAt, cameAt } = await call("stats", { patience: STATS_PATIENCE });
  const { seconds } = value.rates;
  if (seconds) noteSecond(Date.parse(seconds.start) + 1000 * seconds.submitted.length, askedAt, cameAt);
  return value;
}

/** The API skips no more tasks than this; what comes later is reached from page to page. */
export const MOST_SKIPPED = 10_000;

/**
 * So many tasks from a place on, which is `{ offset }` or `{ after }`, the `next` of the page before; how many there are;
 * and `next`, null after the last task. An answer ends early where payloads are large.
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

const taskPath = (id) => `tasks/${encodeURIComponent(id)}`;
const typePath = (type) => `types/${encodeURIComponent(type)}`;

export const api = {
  session: async () => (await call("session")).value,
  logIn: async (token) => (await call("session", { method: "POST", body: JSON.stringify({ token }) })).value,
  logOut: async () => (await call("session", { method: "DELETE" })).value,
  stats,
  page,
  task: async (id, signal) => withRaw(await call(taskPath(id), { signal })),
  submit: async (body) => withRaw(await call("tasks", { method: "POST", body })),
  cancel: async (id) => (await call(taskPath(id), { method: "DELETE" })).value,
  retry: async (id) => (await call(`${taskPath(id)}/retry`, { method: "POST" })).value,
  pause: async (type) => (await call(`${typePath(type)}/pause`, { method: "POST" })).value,
  limit: async (type, most) => (await call(`${typePath(type)}/limit`, {
    method: "PUT", body: JSON.stringify({ max_concurrency: most }),
  })).value,
  resume: async (type) => (await call(`${typePath(type)}/resume`, { method: "POST" })).value,
  deleteType: async (type) => (await call(typePath(type), { method: "DELETE" })).value,
};

/** The address of the event stream with these parameters. */
export function eventsAddress(parameters) {
  const address = new URL("events", base);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined) address.searchParams.set(name, value);
  }
  return address;
}

/** Where tasks are submitted, as somebody types it into a terminal. */
export const submitAddress = new URL("tasks", base).href;
