"""Laws about unique keys."""

from __future__ import annotations

from typing import List

from checker.history import FINAL, History, Step
from checker.law import Found, law
from checker.unique import REJECT, REPLACE, STARTED, Keys, rule_of

#: The store's clock has milliseconds, and is carried over to another one, in seconds.
_TOLERANCE = 0.05


@law
def unique_keys_hold(history: History) -> Found:
    """At no time two tasks have the same unique key, from the submission to the step that frees it. Behind a running task
    at most one waits, if its rule says so, and that one does not start before the end of the other."""
    yield from Keys(history).found


@law
def stand_ins_hold_the_key(history: History) -> Found:
    """A task that stands for a submission, or took it over, has its unique key, and had not ended when that was sent; nor
    started, if it has the key only until then."""
    for answer in history.answers:
        id, other = answer.task["id"], answer.became
        if not answer.is_accepted or answer.provisional or other in (id, None) or history.is_excused(other):
            continue
        rule, theirs = rule_of(answer.task), rule_of(history.fields(other))
        if rule is None:
            yield id, f"{other} stands for it, although it has no unique key"
            continue
        if theirs is None or theirs.scope != rule.scope:
            yield id, f"{other} stands for it, which has another type or unique key"
            continue
        before = _life([step for step in history.steps_of.get(other, []) if step.at < answer.sent - _TOLERANCE])
        if not before or history.round.get("clocks"):
            continue
        if before[-1].status in FINAL:
            yield id, f"{other} stands for it, which had ended {answer.sent - before[-1].at:.2f} s before"
        elif theirs.until == STARTED and any(step.status == "processing" for step in before):
            yield id, f"{other} stands for it, which had started before"


@law
def rejections_have_a_holder(history: History) -> Found:
    """A submission is rejected for its unique key only if it asked for that, and while another task had the key."""
    keys = Keys(history)
    excused = {
        rule.scope for rule in (rule_of(answer.task) for answer in history.answers if history.is_excused(answer.task["id"]))
        if rule is not None}
    for answer in history.answers:
        if not answer.is_rejected:
            continue
        id, rule = answer.task["id"], rule_of(answer.task)
        if rule is None or rule.conflict not in (REJECT, REPLACE):
            yield id, f"rejected for its unique key, with the rule {rule}"
        elif not history.round.get("clocks") and rule.scope not in excused and not any(
                hold.task != id and hold.begin <= answer.t + _TOLERANCE and hold.end >= answer.sent - _TOLERANCE
                for hold in keys.holds(rule.scope)):
            yield id, f"rejected for {rule.scope[1]}, which no task had then"


@law
def replaced_tasks_are_rewritten(history: History) -> Found:
    """A submission that was answered with a task that took it over is an event of that task, while it was pending."""
    for answer in history.answers:
        if answer.outcome != "replaced" or history.is_excused(answer.became or "") or history.round.get("clocks"):
            continue
        begin, end = answer.sent - _TOLERANCE, answer.t + _TOLERANCE
        steps = history.steps_of.get(answer.became or "", [])
        if not any(step.is_rewrite and begin <= step.at <= end for step in steps):
            yield answer.task["id"], f"answered that {answer.became} took it over, which was not rewritten then"


@law
def blocked_tasks_go_on(history: History) -> Found:
    """A task is blocked only behind another one that has its unique key and has not ended: none is forgotten."""
    for id, task in history.tasks.items():
        if task.get("pending_reason") != "blocked":
            continue
        rule = rule_of(history.fields(id))
        if not any(
                other != id and rule_of(history.fields(other)) is not None
                and rule_of(history.fields(other)).scope == (rule and rule.scope)
                and each["status"] not in FINAL and each.get("pending_reason") != "blocked"
                for other, each in history.tasks.items()):
            yield id, "blocked at the end, and no unfinished task has its unique key"


def _life(steps: List[Step]) -> List[Step]:
    """The steps since the last manual retry."""
    begins = [number for number, step in enumerate(steps) if step.previous in FINAL]
    return steps[begins[-1]:] if begins else steps
