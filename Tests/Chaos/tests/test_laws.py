"""Every law holds in a tidy history, and fails in one that was doctored against it."""

from __future__ import annotations

import shutil
import unittest
from typing import Callable, Dict, List

import checker.laws  # noqa: F401
from checker.history import History, Step
from checker.law import LAWS
from tests.story import LIMITED, NODE, OTHER, Story, tidy, with_a_kill

Doctor = Callable[[], History]
DOCTORS: Dict[str, List[Doctor]] = {}


def breaks(law: str) -> Callable[[Doctor], Doctor]:
    """Marks a function that makes a history in which a law is broken."""
    def add(doctor: Doctor) -> Doctor:
        DOCTORS.setdefault(law, []).append(doctor)
        return doctor
    return add


def doctored(change: Callable[[History], None], **facts: object) -> History:
    history = tidy().history(**facts)
    change(history)
    history.index()
    return history


def without_last(history: History, id: str) -> None:
    history.steps.remove([step for step in history.steps if step.task == id][-1])


# What was accepted, and how it ended


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
    return doctored(lambda history: history.acts.pop())


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


# The log


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


# Attempts


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


# Limits


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


@breaks("paused_types_do_not_start")
def started_while_paused() -> History:
    def change(history: History) -> None:
        begin = history.attempts_of["delayed"][0].begin
        history.pauses.append({"type": "hook.plain", "begin": begin - 0.5, "end": begin + 0.5})
    return doctored(change)


# The queue at rest


@breaks("the_queue_drains")
def never_drained() -> History:
    return doctored(lambda history: history.phases["drained"].update(took=None))


@breaks("the_queue_drains")
def slowly_drained() -> History:
    return doctored(lambda history: history.phases["drained"].update(took=91.0))


@breaks("statistics_equal_listings")
def miscounted_in_all() -> History:
    return doctored(lambda history: history.stats.update(success_tasks=77))


@breaks("statistics_equal_listings")
def miscounted_by_type() -> History:
    return doctored(lambda history: history.stats["types"][0].update(success=77))


@breaks("idle_queues_hold_no_tokens")
def leaked_token() -> History:
    return doctored(lambda history: history.stats["concurrency_keys"].append({"key": "key", "held": 1, "waiting": 0}))


@breaks("idle_queues_hold_no_tokens")
def stuck_worker() -> History:
    return doctored(lambda history: history.stats.update(active_workers=1))


@breaks("memory_and_descriptors_return")
def leaked_descriptors() -> History:
    return doctored(lambda history: history.usage[1].update(fds=140))


@breaks("memory_and_descriptors_return")
def leaked_memory() -> History:
    return doctored(lambda history: history.usage[1].update(rss=400_000))


@breaks("nothing_crashes")
def crash() -> History:
    return doctored(lambda history: history.exits.append({"program": "node-1", "how": "by SIGSEGV"}))


@breaks("nothing_crashes")
def trap_in_a_log() -> History:
    history = tidy().history()
    (history.folder / "logs" / "node-1.log").write_text("Swift/Array.swift:1: Fatal error: Index out of range\n")
    return history


@breaks("the_harness_works")
def blind_follower() -> History:
    return doctored(lambda history: history.phases.update({"follower is behind": {}}))


# Subscribers, and recovery


@breaks("subscribers_know_the_last_status")
def untold() -> History:
    return doctored(lambda history: history.mqtt.pop())


@breaks("messages_come_in_order")
def skipped_message() -> History:
    return doctored(lambda history: history.mqtt.pop(1))


@breaks("dead_nodes_are_replaced")
def slow_recovery() -> History:
    return with_a_kill(seconds=30)


@breaks("redis_is_used_at_once")
def slow_redis() -> History:
    return doctored(lambda history: history.recoveries.append({"ready": 90.0}))


@breaks("orderly_restarts_fail_no_request_twice")
def failed_twice() -> History:
    return doctored(lambda history: history.answers[0].failures.extend(["503", "503"]), is_gentle=True)


@breaks("orderly_restarts_count_no_retry")
def counted_retry() -> History:
    return doctored(lambda history: None, is_gentle=True)


class LawTests(unittest.TestCase):
    def tearDown(self) -> None:
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)

    def setUp(self) -> None:
        self.folders: list = []

    def found(self, law: str, history: History) -> list:
        self.folders.append(history.folder)
        return list(LAWS[law](history))

    def test_every_law_holds_in_a_tidy_history(self) -> None:
        for history in (tidy().history(), with_a_kill()):
            for law in LAWS:
                with self.subTest(law):
                    self.assertEqual(self.found(law, history), [])

    def test_every_law_fails_in_a_doctored_history(self) -> None:
        self.assertEqual(sorted(DOCTORS), sorted(LAWS), "a law that nothing breaks proves nothing")
        for law, doctors in DOCTORS.items():
            for doctor in doctors:
                with self.subTest(f"{law}: {doctor.__name__}"):
                    self.assertNotEqual(self.found(law, doctor()), [])

    def test_every_law_says_what_it_demands(self) -> None:
        for name, law in LAWS.items():
            self.assertTrue((law.__doc__ or "").strip(), name)


if __name__ == "__main__":
    unittest.main()
