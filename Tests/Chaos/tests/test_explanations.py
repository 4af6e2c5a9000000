"""What looks like a violation and is legal is named, not reported."""

from __future__ import annotations

import unittest

from checker.history import History
from checker.law import LAWS
from checker.laws.recovery import node_recoveries
from tests.story import LIMITED, NODE, Story, tidy, with_a_kill


def found(law: str, history: History) -> list:
    return list(LAWS[law](history))


class ExplanationTests(unittest.TestCase):
    def test_a_program_may_outlive_its_killed_server(self) -> None:
        history = with_a_kill()
        history.round["type_limits"]["hook.plain"] = 1
        first, second = history.attempts_of["orphan"]
        first.end, first.outcome = second.begin + 0.01, "ok"
        history.index()
        self.assertEqual(found("overlaps_are_explained", history), [])
        self.assertTrue(any("went on" in what for what in history.explained), history.explained)

    def test_a_task_is_lost_only_with_the_stores_last_moments(self) -> None:
        history = tidy().history()
        history.tasks.pop("plain")
        history.losses = [(history.answers[0].t - 1, history.answers[0].t + 1)]
        history.index()
        self.assertEqual(found("accepted_tasks_exist", history), [])
        history.losses = [(history.answers[0].t + 50, history.answers[0].t + 51)]
        history.index()
        self.assertNotEqual(found("accepted_tasks_exist", history), [])

    def test_tasks_of_one_claim_got_their_tokens_in_any_order(self) -> None:
        story = Story()
        story.submit("three", concurrency_key="key", max_concurrency=2)
        story.submit("two", concurrency_key="key", max_concurrency=1)
        steps = [story.step(id, "processing", NODE) for id in ("three", "two")]
        for step in steps:
            step.timestamp = steps[0].timestamp
        for id in ("three", "two"):
            story.step(id, "success", NODE)
        self.assertEqual(found("key_limits_hold", story.history()), [])
        steps[1].timestamp = "later"
        self.assertNotEqual(found("key_limits_hold", story.history()), [])

    def test_a_thawed_worker_may_begin_what_it_has_lost(self) -> None:
        history = with_a_kill()
        late = history.attempts_of["orphan"][0]
        late.begin, late.end, late.outcome = 900.0, 900.1, "ok"
        history.index()
        self.assertEqual(found("nothing_runs_after_success", history), [])

    def test_a_webhook_may_come_twice_when_its_service_dies(self) -> None:
        story = Story()
        story.submit("hook", type=LIMITED)
        story.succeed("hook")
        run = story.attempts[0]
        story.attempts.insert(0, type(run)(**{**run.__dict__, "nonce": "cut", "end": None, "outcome": None}))
        history = story.history()
        self.assertNotEqual(found("runs_have_leases", history), [])
        history.faults = [{"number": 1, "kind": "webhook-kill", "phase": "begin", "t": run.begin}]
        history.index()
        self.assertEqual(found("runs_have_leases", history), [])

    def test_a_webhook_notices_a_cancel_a_moment_later(self) -> None:
        story = Story()
        for id in ("canceled", "next"):
            story.submit(id, type=LIMITED)
        run = story.run("canceled", 1, "stopped")
        story.acts.append({"act": "cancel", "id": "canceled", "status": 200, "message": "cancellation requested"})
        story.step("canceled", "canceled", NODE)
        story.succeed("next")
        run.end = story.attempts[1].begin + 0.01
        self.assertEqual(found("overlaps_are_explained", story.history()), [])
        run.outcome = "ok"
        self.assertNotEqual(found("overlaps_are_explained", story.history()), [])

    def test_a_node_may_give_up_on_a_store_that_goes_away(self) -> None:
        history = tidy().history()
        history.exits.append({"t": 50.0, "program": "node-1", "how": "with status 73"})
        self.assertNotEqual(found("nothing_crashes", history), [])
        history.faults = [{"number": 1, "kind": "redis-freeze", "phase": "begin", "t": 49.0}]
        history.index()
        self.assertEqual(found("nothing_crashes", history), [])

    def test_healthy_recoveries_leave_out_kills_beside_other_faults(self) -> None:
        history = with_a_kill(seconds=3)
        self.assertEqual(len(node_recoveries(history)), 1)
        self.assertAlmostEqual(node_recoveries(history)[0], 3.1, delta=0.2)
        killed = history.kills[0]["t"]
        history.faults.append({"number": 2, "kind": "redis-kill", "phase": "begin", "t": killed + 1})
        history.index()
        self.assertEqual(node_recoveries(history), [])
        self.assertEqual(len(node_recoveries(history, only_healthy=False)), 1)


if __name__ == "__main__":
    unittest.main()
