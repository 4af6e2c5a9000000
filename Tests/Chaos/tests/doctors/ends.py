"""Against the laws of ``checker/laws``: what was accepted, and how it ended."""

from __future__ import annotations

from checker.history import History
from tests.doctors.doctor import breaks, doctored
from tests.story import Story, tidy


@breaks("accepted_tasks_exist")
def lost() -> History:
    return doctored(lambda history: history.tasks.pop("plain"))


@breaks("submissions_get_an_answer")
def rejected() -> History:
    return doctored(lambda history: setattr(history.answers[0], "status", 400))


@breaks("submissions_get_an_answer")
def unanswered() -> History:
    return doctored(lambda history: history.phases["drained"].update(unsettled=1))


@breaks("tasks_end")
def stuck() -> History:
    return doctored(lambda history: history.tasks["plain"].update(status="processing"))


@breaks("nothing_comes_from_nowhere")
def stranger() -> History:
    return doctored(lambda history: history.tasks.update(stranger=dict(history.tasks["plain"], id="stranger")))


@breaks("nothing_comes_from_nowhere")
def doubled() -> History:
    return doctored(lambda history: setattr(history.answers[0], "became", "canceled"))


@breaks("fields_are_kept")
def changed() -> History:
    return doctored(lambda history: history.tasks["plain"].update(payload={"ms": 6}))


@breaks("steps_are_legal")
def leap() -> History:
    def change(history: History) -> None:
        history.steps[-1].previous = "pending"
    return doctored(change)


@breaks("tasks_end_once")
def again() -> History:
    story = tidy()
    story.succeed("plain", 1)
    return story.history()


@breaks("tasks_end_once")
def uninvited_revival() -> History:
    return doctored(
        lambda history: history.acts.remove(next(act for act in history.acts if act["act"] == "retry")))


@breaks("ends_have_a_cause")
def gave_up() -> History:
    return doctored(lambda history: history.tasks["revived"].update(max_retry=4))


@breaks("ends_have_a_cause")
def canceled_by_nobody() -> History:
    return doctored(lambda history: history.acts.pop(0))


@breaks("ends_have_a_cause")
def late_queue_timeout() -> History:
    story = tidy()
    story.submit("late", queue_timeout=1)
    story.fail("late", 1, "pending")
    story.step("late", "timeout", retries=1)
    return story.history()


@breaks("cancels_hold")
def canceled_in_vain() -> History:
    story = Story()
    story.submit("task")
    story.acts.append({"act": "cancel", "id": "task", "status": 200, "message": "task canceled"})
    story.succeed("task")
    return story.history()
