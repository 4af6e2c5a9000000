"""Against the laws of ``checker/laws``: attempts."""

from __future__ import annotations

from checker.history import History
from tests.doctors.doctor import breaks, doctored
from tests.story import NODE, Story, with_a_kill


@breaks("successes_are_witnessed")
def unwitnessed() -> History:
    return doctored(lambda history: history.tasks["plain"].update(result={"nonce": "invented", "attempt": 2}))


@breaks("successes_are_witnessed")
def stale_result() -> History:
    """The result of the first attempt, which had lost its lease, counts as that of the second."""
    history = with_a_kill()
    first = history.attempts_of["orphan"][0]
    first.end, first.outcome = first.begin + 1, "ok"
    history.tasks["orphan"]["result"] = {"nonce": first.nonce, "attempt": 1}
    return history


@breaks("runs_have_leases")
def unleased() -> History:
    def change(history: History) -> None:
        run = history.attempts_of["delayed"][0]
        history.attempts.append(type(run)(**{**run.__dict__, "nonce": "second"}))
    return doctored(change)


@breaks("nothing_runs_after_success")
def after_success() -> History:
    def change(history: History) -> None:
        run = history.attempts_of["plain"][0]
        history.attempts.append(type(run)(**{**run.__dict__, "nonce": "late", "begin": 999.0, "end": 999.1}))
    return doctored(change)


@breaks("retries_equal_attempts")
def miscounted() -> History:
    def change(history: History) -> None:
        for step in history.steps_of["plain"][2:]:
            step.retry_count += 1
    return doctored(change)


@breaks("retries_equal_attempts")
def forgotten_error() -> History:
    return doctored(lambda history: history.tasks["plain"]["errors"].clear())


@breaks("runs_wait_for_their_delay")
def early() -> History:
    def change(history: History) -> None:
        history.attempts_of["delayed"][0].begin -= 0.5
    return doctored(change)


@breaks("overlong_attempts_fail")
def overlong_success() -> History:
    story = Story()
    story.submit("overlong", process_timeout=1)
    run = story.run("overlong", 1, "ok", seconds=6)
    story.results["overlong"] = {"nonce": run.nonce, "attempt": 1}
    story.step("overlong", "success", NODE)
    return story.history()
