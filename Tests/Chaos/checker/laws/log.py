"""Laws about the event log."""

from __future__ import annotations

from checker.history import History
from checker.law import Found, law


@law
def versions_have_no_gaps(history: History) -> Found:
    """A task's versions are 1, 2, 3 … in the log's order, and each names the status before it."""
    for id, steps in history.steps_of.items():
        if history.is_excused(id):
            continue
        version, status = 0, None
        for step in steps:
            if step.version != version + 1:
                yield id, f"version {step.version} follows {version}"
            elif step.previous != status:
                yield id, f"version {step.version} says that the status before was {step.previous}, but it was {status}"
            version, status = step.version, step.status


@law
def the_log_misses_nothing(history: History) -> Found:
    """A follower that resumes at its cursor is never told that events were missed, unless the store lost some."""
    for line in history.controls:
        if line["e"].get("event") != "reset":
            continue
        if any(begin <= line["t"] <= end + 30 for begin, end in history.losses):
            history.explain("log set back with the store's last moments")
        else:
            yield line.get("node", "?"), f"reset: {line['e'].get('message')}"


@law
def the_log_agrees_with_the_tasks(history: History) -> Found:
    """The last event of a task shows what the API shows: its version, status and number of retries."""
    for id, task in history.tasks.items():
        if history.is_excused(id):
            continue
        steps = history.steps_of.get(id)
        if not steps:
            yield id, "no event of it was seen"
            continue
        last = steps[-1]
        if (last.version, last.status) != (task["version"], task["status"]):
            yield id, (
                f"is {task['status']} (version {task['version']}), but its last event was {last.status} ({last.version})")
        elif last.retry_count != task["retry_count"]:
            yield id, f"has {task['retry_count']} retries, but its last event {last.retry_count}"
    for id in history.steps_of:
        if id not in history.tasks and not history.is_excused(id):
            yield id, "has events, but is not in the queue"
