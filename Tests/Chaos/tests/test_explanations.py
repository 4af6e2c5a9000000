"""What looks like a violation and is legal is named, not reported."""

from __future__ import annotations

import unittest

from checker.history import History
from checker.law import LAWS
from checker.laws.recovery import node_recoveries
from tests.story import LIMITED, NODE, REPLACE, RERUN, STARTED, Story, tidy, with_a_kill


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

    def test_a_submission_in_doubt_may_have_been_the_last_to_rewrite(self) -> None:
        story = Story()
        story.submit("first", unique=REPLACE)
        doubt = story.meet("second", "first", "replaced", unique=REPLACE, payload={"ms": 1})
        definition = story.definitions["first"]
        story.meet("third", "first", "replaced", unique=REPLACE, payload={"ms": 2})
        story.definitions["first"] = definition
        history = story.history()
        self.assertNotEqual(found("fields_are_kept", history), [])
        doubt.tries = 2
        self.assertEqual(found("fields_are_kept", history), [])

    def test_a_task_may_be_blocked_while_another_runs(self) -> None:
        story = Story()
        story.submit("first", unique=RERUN)
        story.run("first", 1, "ok")
        story.submit("second", unique=RERUN)
        history = story.history()
        history.tasks["second"]["pending_reason"] = "blocked"
        self.assertEqual(found("unique_keys_hold", history) + found("blocked_tasks_go_on", history), [])

    def test_a_retry_does_not_take_back_a_key_held_until_started(self) -> None:
        story = Story()
        story.submit("first", unique=STARTED)
        story.fail("first", 1, "pending")
        story.submit("second", unique=STARTED)
        story.succeed("first", 2)
        story.succeed("second")
        self.assertEqual(found("unique_keys_hold", story.history()), [])

    def test_a_task_may_be_edited_after_it_has_given_back_its_key(self) -> None:
        story = Story()
        story.submit("first", unique=STARTED)
        story.fail("first", 1, "pending")
        story.submit("second", unique=STARTED)
        story.edit("first", 1)
        history = story.history()
        self.assertEqual(found("unique_keys_hold", history) + found("rewrites_have_a_cause", history), [])
        history.acts[0]["status"] = 409
        history.index()
        self.assertNotEqual(found("unique_keys_hold", history), [])
        self.assertNotEqual(found("rewrites_have_a_cause", history), [])

    def test_a_later_submission_may_replace_an_edit(self) -> None:
        laws = ("acknowledged_edits_are_kept", "rewrites_have_a_cause", "fields_are_kept")
        story = Story()
        story.submit("first", unique=REPLACE)
        story.edit("first", 1)
        later = story.meet("later", "first", "replaced", unique=REPLACE)
        story.succeed("first")
        # In doubt, whether it was answered so by an earlier try or not.
        for tries, outcome in ((1, "replaced"), (2, "replaced"), (2, "deduplicated")):
            later.tries, later.outcome = tries, outcome
            for law in (*laws, "runs_carry_the_edit"):
                self.assertEqual(found(law, story.history()), [], (law, tries, outcome))
        later.tries = 1
        for law in laws:
            self.assertNotEqual(found(law, story.history()), [], law)

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

    def test_an_edit_without_an_answer_may_be_the_last_one(self) -> None:
        story = Story()
        story.submit("task")
        story.edit("task", 1)
        story.edit("task", 2)
        story.succeed("task", seconds=0.1)
        last = story.acts[-1]
        for status, is_lawful in ((0, True), (503, True), (409, False)):
            last.update(status=status, version=None)
            for law in ("acknowledged_edits_are_kept", "rewrites_have_a_cause", "fields_are_kept"):
                with self.subTest(f"{status}: {law}"):
                    history = story.history()
                    history.tasks["task"].update(priority=3, payload={"ms": 100, "edit": 2})
                    self.assertEqual(not found(law, history), is_lawful)

    def test_an_edit_may_be_lost_with_the_stores_last_moments(self) -> None:
        history = tidy().history()
        edit = [act for act in history.acts if act["act"] == "edit" and act["id"] == "edited"][-1]
        history.tasks["edited"]["payload"]["edit"] = 1
        self.assertNotEqual(found("acknowledged_edits_are_kept", history), [])
        history.losses = [(edit["t"] - 0.001, edit["t"] + 0.001)]
        history.index()
        self.assertEqual(found("acknowledged_edits_are_kept", history), [])

    def test_an_edit_may_put_an_earlier_time_in_place_of_a_delay(self) -> None:
        story = Story()
        story.submit("task", delay=60)
        story.edit("task", 1, run_at=None)
        story.succeed("task", seconds=0.1)
        history = story.history()
        self.assertEqual(found("runs_wait_for_their_delay", history), [])
        history.acts[0]["status"] = 409
        history.index()
        self.assertNotEqual(found("runs_wait_for_their_delay", history), [])

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
