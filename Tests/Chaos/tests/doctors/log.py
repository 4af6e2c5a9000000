"""Against the laws of ``checker/laws``: the log."""

from __future__ import annotations

from checker.history import History, Step
from tests.doctors.doctor import breaks, doctored


def without_last(history: History, id: str) -> None:
    history.steps.remove([step for step in history.steps if step.task == id][-1])


@breaks("versions_have_no_gaps")
def gap() -> History:
    return doctored(lambda history: history.steps.pop(1))


@breaks("versions_have_no_gaps")
def twice() -> History:
    return doctored(lambda history: history.steps.insert(1, history.steps[1]))


@breaks("the_log_misses_nothing")
def reset() -> History:
    return doctored(lambda history: history.controls.append({"t": 1, "node": "node-1", "e": {"event": "reset"}}))


@breaks("the_log_agrees_with_the_tasks")
def silent_end() -> History:
    return doctored(lambda history: without_last(history, "plain"))


@breaks("the_log_agrees_with_the_tasks")
def event_of_nothing() -> History:
    def change(history: History) -> None:
        history.steps.append(Step("ghost", 1, "pending", None, 0, None, None, "", 500))
    return doctored(change)
