// Addresses behind the `#`: `#/tasks?status=failed`, `#/tasks/ID`.

/** What the address names: `{name, id, query}`. */
export function route() {
  const text = location.hash.replace(/^#\/?/, "");
  const mark = text.indexOf("?");
  const path = (mark < 0 ? text : text.slice(0, mark)).split("/");
  const query = new URLSearchParams(mark < 0 ? "" : text.slice(mark + 1));
  let id = null;
  try {
    id = path[1] ? decodeURIComponent(path[1]) : null;
  } catch {
    id = path[1];
  }
  return { name: path[0] || "overview", id, query };
}

export function go(path) {
  location.hash = path;
}

const LIST = "xqueue.list";

/** Notes which tasks were listed, so that a task's page leads back to them. */
export function rememberTasks(query) {
  try {
    sessionStorage.setItem(LIST, query.toString());
  } catch {
    // A browser that keeps nothing leads back to all tasks.
  }
}

/** The address of the tasks that were listed last. */
export function listAddress() {
  let text = null;
  try {
    text = sessionStorage.getItem(LIST);
  } catch {
    // As above.
  }
  return text ? `#/tasks?${text}` : "#/tasks";
}

/** Changes the query of the present address without a new entry in the history. */
export function setQuery(query) {
  const { name } = route();
  const text = query.toString();
  history.replaceState(null, "", `#/${name}${text ? `?${text}` : ""}`);
}
