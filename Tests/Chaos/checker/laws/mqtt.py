"""Laws about what MQTT subscribers are told."""

from __future__ import annotations

from typing import Dict, Tuple

from checker.history import History
from checker.law import Found, law


@law
def subscribers_know_the_last_status(history: History) -> Found:
    """The last message about a task tells how it ended."""
    if not history.round.get("mqtt"):
        return
    last: Dict[str, Tuple[int, str]] = {}
    for message in history.mqtt:
        last[message["task_id"]] = (message["version"], message["status"])
    for id, task in history.tasks.items():
        if last.get(id) != (task["version"], task["status"]):
            yield id, f"is {task['status']} (version {task['version']}), but subscribers were told {last.get(id)} last"


@law
def messages_come_in_order(history: History) -> Found:
    """A message is never newer by more than one version than those before it; after a failure some may come again."""
    seen: Dict[str, int] = {}
    for message in history.mqtt:
        id, version = message["task_id"], message["version"]
        if version > seen.get(id, 0) + 1:
            yield id, f"version {version} was delivered after {seen.get(id, 0)}"
        seen[id] = max(seen.get(id, 0), version)


@law
def messages_equal_events(history: History) -> Found:
    """A message about a version of a task tells the status that the event log has for it."""
    logged = {(step.task, step.version): step.status for step in history.steps}
    for message in history.mqtt:
        status = logged.get((message["task_id"], message["version"]))
        if status != message["status"] and not history.is_excused(message["task_id"]):
            yield message["task_id"], (
                f"subscribers were told {message['status']}, but version {message['version']} was {status}")
