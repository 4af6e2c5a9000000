"""What may have given a waiting task another definition: edits, and later submissions with its unique key."""

from __future__ import annotations

from typing import Any, Dict, List

from checker.history import Answer, History
from checker.unique import REWRITING, rule_of


def rewriters(history: History, id: str) -> List[Answer]:
    """The submissions of other tasks whose definition a task that was rewritten may have taken over last.

    Of those that were sent once, only what was answered with this task, and is not older than another one like that.
    """
    rule = rule_of(history.fields(id))
    answers = [
        answer for answer in history.answers
        if rule is not None and rule_of(answer.task) is not None and answer.task["type"] == history.fields(id)["type"]
        and rule_of(answer.task).scope == rule.scope and rule_of(answer.task).conflict in REWRITING
        and answer.task["id"] != id]
    certain = [answer for answer in answers if _replaced(answer, id)]
    latest = max((answer.sent for answer in certain), default=float("-inf"))
    return [
        answer for answer in answers
        if answer.tries > 1 or answer.provisional or (answer in certain and answer.t >= latest)]


def may_be_replaced(history: History, id: str) -> bool:
    """Whether a task may have taken over the definition of a later submission."""
    return history.is_rewritten(id) and bool(rewriters(history, id))


def possible_fields(history: History, id: str) -> List[Dict[str, Any]]:
    """What the fields of a task may be at the end: all of a submission, with all of an edit or nothing."""
    edits = [edit for edit in history.edits_of[id] if edit.is_possible]
    rewrites = sum(step.is_rewrite for step in history.steps_of.get(id, []))
    submitted = [answer.task for answer in rewriters(history, id)] if rewrites else []
    # With more rewrites than edits, one at least was a later submission.
    if rewrites <= len(edits) and not any(_replaced(answer, id) for answer in history.answers):
        submitted.append(history.fields(id))
    return submitted + [edit.applied(fields) for edit in edits for fields in submitted]


def _replaced(answer: Answer, id: str) -> bool:
    return answer.outcome == "replaced" and answer.became == id
