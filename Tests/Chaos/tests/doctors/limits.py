"""Against the laws of ``checker/laws``: limits."""

from __future__ import annotations

from checker.history import History
from tests.doctors.doctor import breaks, doctored
from tests.story import LIMITED, NODE, OTHER, Story


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


@breaks("overlaps_are_explained")
def unique_overlap() -> History:
    """By the log the key was free when the second one started; by the diary, the first one still ran."""
    story = Story()
    for id in ("first", "second"):
        story.submit(id, unique_key="unique")
        story.succeed(id)
    story.attempts[0].end = story.attempts[1].end
    return story.history()


@breaks("paused_types_do_not_start")
def started_while_paused() -> History:
    def change(history: History) -> None:
        begin = history.attempts_of["delayed"][0].begin
        history.pauses.append({"type": "hook.plain", "begin": begin - 0.5, "end": begin + 0.5})
    return doctored(change)
