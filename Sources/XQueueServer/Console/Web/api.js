// The calls of the HTTP API.

import { noteDate } from "./clock.js";
import { rawMember } from "./json.js";

const base = new URL("api/v1/", document.baseURI);

/** Why a call did not succeed; `field` names what is wrong with a submission. */
export class APIError extends Error {
  constructor(message, { status = 0, code = "unreachable", field = null } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

async function call(path, { method = "GET", body, signal } = {}) {
  const askedAt = Date.now();
  let response;
  let text;
  try {
    response = await fetch(new URL(path, base), {
      method,
      body,
      signal,
      cache: "no-store",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
    });
    text = await response.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new APIError("the server cannot be reached");
  }
  noteDate(response.headers.get("Date"), askedAt, Date.now());
  let value = null;
  try {
    value = JSON.parse(text);
  } catch {
    if (response.ok) throw new APIError("the server's answer is not JSON", { status: response.status });
  }
  if (response.ok) return { value, text };
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
  return { ...value, rawPayload: rawMember(text, "payload"), rawResult: rawMember(text, "result") };
}

/** A page of tasks. One that ends early, since its tasks are large, is followed from there. */
async function pageOfTasks(query, signal) {
  const words = new URLSearchParams(query);
  const page = (await call(`tasks?${words}`, { signal })).value;
  while (page.has_more && page.tasks.length < page.limit) {
    words.set("offset", String(page.next));
    words.set("limit", String(page.limit - page.tasks.length));
    const rest = (await call(`tasks?${words}`, { signal })).value;
    const known = new Set(page.tasks.map((task) => task.id));
    page.tasks.push(...rest.tasks.filter((task) => !known.has(task.id)));
    page.has_more = rest.has_more;
    page.next = rest.next;
  }
  return page;
}

const taskPath = (id) => `tasks/${encodeURIComponent(id)}`;
const typePath = (type) => `types/${encodeURIComponent(type)}`;

export const api = {
  session: async () => (await call("session")).value,
  logIn: async (token) => (await call("session", { method: "POST", body: JSON.stringify({ token }) })).value,
  logOut: async () => (await call("session", { method: "DELETE" })).value,
  stats: async () => (await call("stats")).value,
  tasks: pageOfTasks,
  task: async (id, signal) => withRaw(await call(taskPath(id), { signal })),
  submit: async (body) => withRaw(await call("tasks", { method: "POST", body })),
  cancel: async (id) => (await call(taskPath(id), { method: "DELETE" })).value,
  retry: async (id) => (await call(`${taskPath(id)}/retry`, { method: "POST" })).value,
  pause: async (type) => (await call(`${typePath(type)}/pause`, { method: "POST" })).value,
  limit: async (type, most) => (await call(`${typePath(type)}/limit`, {
    method: "PUT", body: JSON.stringify({ max_concurrency: most }),
  })).value,
  resume: async (type) => (await call(`${typePath(type)}/resume`, { method: "POST" })).value,
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
