"""Against the laws of ``checker/laws``: limits."""

from __future__ import annotations

from checker.history import Answer, History
from tests.doctors.doctor import breaks, doctored
from tests.story import LIMITED, NODE, OTHER, Story, tidy


def _two_at_once(type: str = "hook.plain", **fields: object) -> History:
    story = Story()
    for id in ("first", "second"):
        story.submit(id, type=type, **fields)
    first = story.run("first", 1, "ok")
    second = story.run("second", 1, "ok", OTHER)
    first.end = second.end
    for run, worker in ((first, NODE), (second, OTHER)):
        story.results[run.task] = {"nonce": run.nonce, "attempt": 1}
        story.step(run.task, "success", worker)
    return story.history()


@breaks("type_limits_hold")
def type_exceeded() -> History:
    return _two_at_once(LIMITED)


@breaks("key_limits_hold")
def key_exceeded() -> History:
    return _two_at_once(concurrency_key="key", max_concurrency=1)


@breaks("unique_keys_hold")
def two_of_a_kind() -> History:
    return _two_at_once(unique_key="unique")


@breaks("overlaps_are_explained")
def overlap() -> History:
    """By the log they ran one after the other; by the diary, at once."""
    story = Story()
    for id in ("first", "second"):
        story.submit(id, type=LIMITED)
    for id in ("first", "second"):
        story.succeed(id)
    story.attempts[0].end = story.attempts[1].end
    return story.history()


def _stand_in(**fields: object) -> History:
    """A submission that was answered with the task ``plain``, after its end."""
    story = tidy()
    task = {"id": "twin", "type": LIMITED, "unique_key": "unique", **fields}
    story.answers.append(Answer(story.now, task, "http", 200, "", "plain", False, 1, story.now, [], story.now))
    return story.history()


@breaks("stand_ins_are_unfinished")
def ended_stand_in() -> History:
    return _stand_in()


@breaks("stand_ins_are_unfinished")
def foreign_stand_in() -> History:
    return _stand_in(unique_key="another")


@breaks("paused_types_do_not_start")
def started_while_paused() -> History:
    def change(history: History) -> None:
        begin = history.attempts_of["delayed"][0].begin
        history.pauses.append({"type": "hook.plain", "begin": begin - 0.5, "end": begin + 0.5})
    return doctored(change)
