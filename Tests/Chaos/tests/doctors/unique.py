"""Against the laws of ``checker/laws``: unique keys."""

from __future__ import annotations

from checker.history import Answer, History
from tests.doctors.doctor import breaks, doctored
from tests.story import LIMITED, NODE, OTHER, REPLACE, RERUN, STARTED, Story, tidy


@breaks("unique_keys_hold")
def two_of_a_kind() -> History:
    story = Story()
    for id in ("first", "second"):
        story.submit(id, unique_key="unique")
    return story.history()


@breaks("unique_keys_hold")
def two_types_with_a_shared_key() -> History:
    story = Story()
    for id, type in (("first", "hook.plain"), ("second", LIMITED)):
        story.submit(id, type=type, unique={"key": "shared", "across_types": True})
    return story.history()


@breaks("unique_keys_hold")
def retried_beside_another() -> History:
    story = Story()
    story.submit("first", unique_key="unique")
    story.step("first", "canceled")
    story.submit("second", unique_key="unique")
    story.step("first", "pending")
    return story.history()


def _running_with(rule: dict, *others: str) -> Story:
    story = Story()
    story.submit("first", unique=rule)
    story.run("first", 1, "ok")
    for id in others:
        story.submit(id, unique=rule)
    return story


@breaks("unique_keys_hold")
def two_wait_behind_one() -> History:
    return _running_with(RERUN, "second", "third").history()


@breaks("unique_keys_hold")
def waits_behind_without_a_rule() -> History:
    return _running_with(REPLACE, "second").history()


@breaks("unique_keys_hold")
def waits_behind_a_waiting_one() -> History:
    story = Story()
    for id in ("first", "second"):
        story.submit(id, unique=RERUN)
    return story.history()


@breaks("unique_keys_hold")
def blocked_one_starts() -> History:
    story = _running_with(RERUN, "second")
    story.run("second", 1, "ok", OTHER)
    return story.history()


@breaks("unique_keys_hold")
def ended_one_is_rewritten() -> History:
    story = Story()
    story.submit("first", unique=STARTED)
    story.fail("first", 1, "pending")
    # It has had its key until its first attempt started.
    story.step("first", "pending")
    return story.history()


def _stand_in(**fields: object) -> History:
    """A submission that was answered with the task ``plain``, after its end."""
    story = tidy()
    task = {"id": "twin", "type": LIMITED, "unique_key": "unique", **fields}
    story.answers.append(Answer(story.now, task, "http", 200, "", "plain", False, 1, story.now, [], story.now))
    return story.history()


@breaks("stand_ins_hold_the_key")
def ended_stand_in() -> History:
    return _stand_in()


@breaks("stand_ins_hold_the_key")
def foreign_stand_in() -> History:
    return _stand_in(unique_key="another")


@breaks("stand_ins_hold_the_key")
def stand_in_of_another_scope() -> History:
    return _stand_in(unique={"key": "unique", "across_types": True})


@breaks("stand_ins_hold_the_key")
def started_stand_in() -> History:
    story = _running_with(STARTED)
    story.meet("second", "first", "deduplicated", unique=STARTED)
    return story.history()


@breaks("rejections_have_a_holder")
def rejected_for_a_free_key() -> History:
    story = tidy()
    story.now += 5
    story.meet("late", "sync", "rejected", unique=REPLACE)
    return story.history()


@breaks("rejections_have_a_holder")
def rejected_without_asking() -> History:
    story = _running_with({"key": "unique"})
    story.meet("second", "first", "rejected", unique={"key": "unique"})
    return story.history()


@breaks("replaced_tasks_are_rewritten")
def replaced_without_an_event() -> History:
    def change(history: History) -> None:
        history.steps = [step for step in history.steps if not (step.task == "sync" and step.is_rewrite)]
    return doctored(change)


@breaks("blocked_tasks_go_on")
def forgotten() -> History:
    story = _running_with(RERUN, "second")
    story.step("first", "failed", NODE, 0, "failure")
    history = story.history()
    history.tasks["second"]["pending_reason"] = "blocked"
    return history


@breaks("fields_are_kept")
def rewriting_is_lost() -> History:
    """The task kept the definition that it was submitted with."""
    def change(history: History) -> None:
        history.tasks["build-again"]["payload"] = {"ms": 5}
    return doctored(change)


@breaks("fields_are_kept")
def an_older_definition_won() -> History:
    story = Story()
    story.submit("first", unique=REPLACE)
    story.meet("second", "first", "replaced", unique=REPLACE, payload={"ms": 1})
    older = story.definitions["first"]
    story.meet("third", "first", "replaced", unique=REPLACE, payload={"ms": 2})
    story.definitions["first"] = older
    return story.history()


@breaks("fields_are_kept")
def definitions_are_mixed() -> History:
    """It has the payload of one submission, and the priority of another."""
    def change(history: History) -> None:
        history.tasks["build-again"]["priority"] = 7
    return doctored(change)


@breaks("rewrites_have_a_cause")
def rewritten_without_a_rule() -> History:
    story = Story()
    story.submit("first", unique_key="unique")
    story.step("first", "pending")
    return story.history()
