"""Against the laws of ``checker/laws``: edits of tasks that wait."""

from __future__ import annotations

from checker.history import History
from tests.doctors.doctor import breaks, doctored
from tests.story import REPLACE, Story, tidy


def _edits(history: History) -> list:
    return [act for act in history.acts if act["act"] == "edit"]


@breaks("rewrites_have_a_cause")
def edited_by_nobody() -> History:
    return doctored(lambda history: history.acts.remove(_edits(history)[0]))


@breaks("rewrites_have_a_cause")
def edited_although_refused() -> History:
    return doctored(lambda history: _edits(history)[0].update(status=409))


@breaks("rewrites_have_a_cause")
def edit_forgives_a_failure() -> History:
    def change(history: History) -> None:
        [step for step in history.steps if step.is_rewrite][1].retry_count = 0
    return doctored(change)


@breaks("acknowledged_edits_are_kept")
def edit_without_an_event() -> History:
    return doctored(lambda history: _edits(history)[0].update(version=9))


@breaks("acknowledged_edits_are_kept")
def edit_undone() -> History:
    return doctored(lambda history: history.tasks["edited"]["payload"].pop("edit"))


@breaks("acknowledged_edits_are_kept")
def edit_replaced_by_the_earlier_one() -> History:
    return doctored(lambda history: history.tasks["edited"]["payload"].update(edit=1))


def _edited_and_replaced() -> Story:
    story = Story()
    story.submit("task", unique=REPLACE, max_retry=3)
    story.edit("task", 1)
    story.meet("later", "task", "replaced", unique=REPLACE)
    return story


@breaks("acknowledged_edits_are_kept")
def edit_outlives_its_replacement() -> History:
    history = _edited_and_replaced().history()
    history.tasks["task"]["payload"] = {"ms": 7, "edit": 1}
    return history


@breaks("acknowledged_edits_are_kept")
def replacement_outlives_its_edit() -> History:
    story = _edited_and_replaced()
    replaced = story.definitions["task"]
    story.edit("task", 2)
    story.definitions["task"] = replaced
    return story.history()


@breaks("fields_are_kept")
def edit_undoes_a_replacement() -> History:
    """The later edit was made to the definition that had been replaced."""
    story = _edited_and_replaced()
    story.edit("task", 2)
    story.definitions["task"]["max_retry"] = 3
    return story.history()


@breaks("runs_carry_the_edit")
def ran_as_it_was() -> History:
    story = tidy()
    story.submit("task")
    story.edit("task", 3)
    story.succeed("task", seconds=0.02)
    return story.history()


@breaks("edited_delays_are_waited_for")
def impatient() -> History:
    story = tidy()
    story.submit("task")
    story.edit("task", 3, delay=1.5)
    story.succeed("task", seconds=0.1)
    return story.history()


@breaks("fields_are_kept")
def half_edited() -> History:
    return doctored(lambda history: history.tasks["edited"].update(priority=0))


@breaks("steps_are_legal")
def edited_while_it_ran() -> History:
    story = Story()
    story.submit("task")
    story.step("task", "processing")
    story.step("task", "processing")
    return story.history()


@breaks("versions_have_no_gaps")
def edit_counts_twice() -> History:
    def change(history: History) -> None:
        edit = next(step for step in history.steps if step.is_rewrite)
        for step in history.steps_of[edit.task]:
            if step.version >= edit.version:
                step.version += 1
    return doctored(change)


@breaks("versions_have_no_gaps")
def edit_of_a_running_task() -> History:
    story = Story()
    story.submit("task")
    story.step("task", "processing")
    story.step("task", "pending").previous = "pending"
    return story.history()
