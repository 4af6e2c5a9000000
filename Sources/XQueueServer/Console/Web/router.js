// Routing by URL fragment: `#/tasks?status=failed`, `#/tasks/ID`.

/** The current route: `{name, id, query}`. */
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

/** Remembers the query of the task list, so that a task's page can link back to it. */
export function rememberTasks(query) {
  try {
    sessionStorage.setItem(LIST, query.toString());
  } catch {
    // Storage may be disabled; the link then leads to all tasks.
  }
}

/** The URL of the last task list. */
export function listAddress() {
  let text = null;
  try {
    text = sessionStorage.getItem(LIST);
  } catch {
    // As above.
  }
  return text ? `#/tasks?${text}` : "#/tasks";
}

/** Changes the query of the current URL without a new history entry. */
export function setQuery(query) {
  const { name } = route();
  const text = query.toString();
  history.replaceState(null, "", `#/${name}${text ? `?${text}` : ""}`);
}
