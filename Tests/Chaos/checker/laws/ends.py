"""Laws about what was accepted, and how it ended."""

from __future__ import annotations

from typing import Any, Dict, List

from checker.history import FINAL, History
from checker.law import Found, law
from checker.rewrites import possible_fields
from checker.unique import shown

_LEGAL = {
    (None, "pending"), ("pending", "pending"), ("pending", "processing"), ("pending", "canceled"), ("pending", "timeout"),
    ("processing", "success"), ("processing", "failed"), ("processing", "canceled"), ("processing", "pending"),
    ("failed", "pending"), ("timeout", "pending"), ("canceled", "pending"),
}


@law
def accepted_tasks_exist(history: History) -> Found:
    """Every task that was answered 200, 201 or 202 is in the queue, under the identifier of the answer."""
    for answer in history.answers:
        if not answer.is_accepted or answer.provisional or answer.became in history.tasks:
            continue
        if history.may_be_lost(answer):
            history.explain("accepted, and lost with the store's last moments")
            continue
        yield answer.became or "?", f"answered {answer.status} by {answer.door}, and not there at the end"


@law
def submissions_get_an_answer(history: History) -> Found:
    """No well-formed submission is rejected, but for its unique key, and none stays in doubt to the end."""
    for answer in history.answers:
        if not answer.is_accepted and not answer.is_rejected:
            yield answer.task["id"], f"rejected by {answer.door}: {answer.status} {answer.code}"
    left = history.phases.get("drained", {}).get("unsettled", 0)
    if left:
        yield "load", f"{left} requests were still without a certain answer at the end"


@law
def tasks_end(history: History) -> Found:
    """At the end every task has ended."""
    for id, task in history.tasks.items():
        if task["status"] not in FINAL:
            yield id, f"{task['status']} ({task.get('pending_reason')}) at the end, attempt {task['attempt']}"


@law
def nothing_comes_from_nowhere(history: History) -> Found:
    """Every task in the queue was submitted, and none is there that another one stands for, unless it was stored by an
    earlier try whose reply was lost."""
    known = set(history.submitted)
    for id in history.tasks:
        if id not in known:
            yield id, "in the queue, but no certain answer names it"
    for answer in history.answers:
        id = answer.task["id"]
        if not answer.is_accepted or answer.became == id or id not in history.tasks or history.is_excused(id):
            continue
        if answer.tries > 1:
            history.explain("sent again, and answered with another task of its unique key, although its own had run")
        else:
            yield id, f"in the queue although {answer.became} stands for it"


@law
def fields_are_kept(history: History) -> Found:
    """A task has the fields that it was submitted with, or all of those that an edit or a later submission gave it."""
    for id, task in history.tasks.items():
        if history.is_rewritten(id) and history.is_excused(id):
            continue
        wrongs = [_differences(task, fields) for fields in possible_fields(history, id)]
        if all(wrongs):
            yield id, "; ".join(min(wrongs, key=len, default=["was rewritten, but no edit or submission may have done it"]))


def _differences(task: Dict[str, Any], fields: Dict[str, Any]) -> List[str]:
    """What distinguishes a task from what was sent."""
    values = [
        (name, task.get(name), value) for name, value in fields.items()
        if name not in ("id", "delay", "retry_policy", "unique", "unique_key")]
    return [
        f"{name} is {found!r}, but was sent as {sent!r}"
        for name, found, sent in [("unique", shown(task), shown(fields)), *values] if found != sent]


@law
def steps_are_legal(history: History) -> Found:
    """Each change of status is one of those that the life cycle has, or the rewriting of a pending task."""
    for step in history.steps:
        if (step.previous, step.status) not in _LEGAL and not history.is_excused(step.task):
            yield step.task, f"went from {step.previous} to {step.status} (version {step.version})"


@law
def tasks_end_once(history: History) -> Found:
    """A task ends once. Only a manual retry that was asked for makes an ended task pending again, never a success."""
    for id, steps in history.steps_of.items():
        if history.is_excused(id):
            continue
        revivals = sum(step.previous in FINAL for step in steps)
        if revivals > history.was_asked(id, "retry"):
            yield id, f"became pending again {revivals} times, asked for {history.was_asked(id, 'retry')} times"
        ends = sum(step.status in FINAL for step in steps)
        if ends > revivals + 1:
            yield id, f"ended {ends} times with {revivals} manual retries"


@law
def ends_have_a_cause(history: History) -> Found:
    """Failed tasks failed for good or used up their retries, canceled ones were canceled, and only those that never
    started within their queue timeout ended by it."""
    for id, task in history.tasks.items():
        if history.is_excused(id):
            continue
        payload = task.get("payload") or {}
        status = task["status"]
        if status == "failed" and task["retry_count"] < task["max_retry"] and not payload.get("permanent"):
            yield id, f"failed with {task['retry_count']} of {task['max_retry']} retries used: {task['error']}"
        if status == "canceled" and not history.was_asked(id, "cancel"):
            yield id, "canceled, and nobody asked for it"
        if status == "timeout":
            life = _last_life(history, id)
            if not task["queue_timeout"]:
                yield id, "timed out in the queue without a queue timeout"
            elif any(step.status == "processing" for step in life):
                yield id, "timed out in the queue after it had started"
        if status == "success" and payload.get("permanent"):
            yield id, "succeeded although its handler always fails for good"


@law
def cancels_hold(history: History) -> Found:
    """A task whose cancel was answered "task canceled" is canceled; one whose cancel was asked of a running handler is
    canceled or has still succeeded."""
    for act in history.acts:
        id = act["id"]
        if act["act"] != "cancel" or act["status"] != 200 or id not in history.tasks or history.is_excused(id):
            continue
        if history.was_asked(id, "retry"):
            continue
        status = history.tasks[id]["status"]
        allowed = ("canceled",) if act["message"] == "task canceled" else ("canceled", "success")
        if status not in allowed:
            yield id, f"is {status} although its cancel was answered {act['message']!r}"


def _last_life(history: History, id: str) -> list:
    """A task's steps since its last manual retry."""
    steps = history.steps_of.get(id, [])
    begins = [number for number, step in enumerate(steps) if step.previous in FINAL]
    return steps[begins[-1]:] if begins else steps
