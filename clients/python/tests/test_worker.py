"""The Python worker against the real server."""

from __future__ import annotations

import asyncio
import datetime
import math
import signal
import threading
import time
import unittest
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

from server import Server, WorkerProcess, eventually
from xqueue_worker import Client, Snooze, Task, TaskFailed, TaskStopped, Unreachable, Worker, XQueueError


class Running:
    """A worker running in a thread of the test."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.error: Optional[BaseException] = None
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self.worker.run(signals=False)
        except BaseException as error:
            self.error = error

    def __enter__(self) -> "Running":
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.worker.stop()
        self.join()

    def join(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive(), "the worker does not end"


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class BareFailure(TaskFailed):
    """A failure that does not initialize its base class."""

    def __init__(self) -> None:
        Exception.__init__(self, "bare")


class OddDict(Dict[str, Any]):
    def items(self) -> Any:
        raise KeyError("gone")


class WorkerTest(unittest.TestCase):
    FLAGS = ("--queue-heartbeat-interval", "1s", "--queue-grace-period", "3s")

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = Server(*cls.FLAGS)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.close()

    def worker(self, **options: Any) -> Worker:
        return Worker(self.server.url, **options)

    def submit(self, type: str, payload: Any = None, **options: Any) -> str:
        return str(self.server.client.submit(type, payload, **options)["id"])

    def test_results(self) -> None:
        worker = self.worker(name="results", concurrency=3)

        @worker.task("double")
        def double(task: Task) -> Dict[str, Any]:
            return {"twice": task.payload["n"] * 2, "attempt": task.attempt, "metadata": task.metadata}

        with Running(worker):
            given = [None if n < 5 else {"user": n} for n in range(10)]
            ids = [self.submit("double", {"n": n}, metadata=given[n]) for n in range(10)]
            for n, id in enumerate(ids):
                task = self.server.ended(id)
                self.assertEqual(task["status"], "success")
                self.assertEqual(task["result"], {"twice": n * 2, "attempt": 1, "metadata": given[n]})
                self.assertEqual(task["worker_id"], "results")
            listed = self.server.client.call("GET", "/api/v1/workers")["workers"]
            mine = [each for each in listed if each["id"] == "results"]
            self.assertEqual([each["types"] for each in mine], [["double"]])
            self.assertEqual(mine[0]["capacity"], 3)
            self.assertEqual(mine[0]["roles"], ["worker", "remote"])
        listed = self.server.client.call("GET", "/api/v1/workers")["workers"]
        self.assertNotIn("results", [each["id"] for each in listed])

    def test_many_tasks(self) -> None:
        worker = self.worker(concurrency=8)
        seen: List[int] = []
        worker.add("many", lambda task: seen.append(task.payload))
        with Running(worker):
            tasks = self.server.client.submit_all([{"type": "many", "payload": n} for n in range(200)])
            for task in tasks:
                self.server.ended(task["id"])
        self.assertEqual(sorted(seen), list(range(200)))

    def test_failures(self) -> None:
        worker = self.worker()

        @worker.task("fails")
        def fails(task: Task) -> None:
            if task.payload == "permanent":
                raise TaskFailed("never again", permanent=True)
            if task.payload == "later":
                raise TaskFailed("busy", retry_after=3600)
            raise ValueError("no luck")

        with Running(worker):
            task = self.server.ended(self.submit("fails", "permanent", max_retry=5))
            self.assertEqual((task["status"], task["error"], task["retry_count"]), ("failed", "never again", 0))
            task = self.server.ended(self.submit("fails", "once", max_retry=0))
            self.assertEqual((task["status"], task["error"]), ("failed", "ValueError: no luck"))
            id = self.submit("fails", "later", max_retry=1)
            task = self.server.task(id, "waits", lambda task: task["pending_reason"] == "scheduled")
            self.assertEqual((task["error"], task["retry_count"]), ("busy", 1))
            self.assertGreater(task["run_at"][:13], task["updated_at"][:13])

    def test_result_that_is_not_json(self) -> None:
        worker = self.worker()
        worker.add("odd", lambda task: {1, 2})
        with Running(worker):
            task = self.server.ended(self.submit("odd", max_retry=5))
            self.assertEqual(task["status"], "failed")
            self.assertIn("the result is not JSON", task["error"])

    def test_snooze(self) -> None:
        worker = self.worker()
        runs: List[float] = []

        @worker.task("nap")
        def nap(task: Task) -> str:
            runs.append(time.monotonic())
            if len(runs) == 1:
                raise Snooze(0.5)
            return "awake"

        with Running(worker):
            task = self.server.ended(self.submit("nap"))
            self.assertEqual((task["result"], task["retry_count"]), ("awake", 0))
            self.assertGreaterEqual(runs[1] - runs[0], 0.4)

    def test_progress(self) -> None:
        worker = self.worker()
        go_on = threading.Event()

        @worker.task("slow")
        def slow(task: Task) -> None:
            task.progress(40, "on the way")
            go_on.wait(60)
            task.progress(90)

        with Running(worker):
            id = self.submit("slow")
            task = self.server.task(id, "has progress", lambda task: task["progress"] == 40)
            self.assertEqual(task["progress_message"], "on the way")
            go_on.set()
            self.assertEqual(self.server.ended(id)["progress"], 90)

    def test_odd_progress_does_no_harm(self) -> None:
        worker = self.worker(concurrency=3)
        undecodable = b"caf\xe9.txt".decode("utf-8", "surrogateescape")
        odd: List[Any] = [
            (10, Path("/tmp/x")), (11, b"caf\xe9"), (math.nan, "nan"), (math.inf, None), (-5, undecodable),
            (Path("/tmp/x"), "no number"), (None, None), ("12", "text"), (13, "x" * 2_000_000), (14, "\x00\x1b\ud800"),
            (15, Unspeakable()), (16, ["a"]), (17, 10 ** 5000),
        ]
        ids: List[str] = []
        seen: List[str] = []

        @worker.task("odd-progress")
        def handler(task: Task) -> str:
            for percent, message in odd:
                task.progress(percent, message)
                time.sleep(0.15)
            task.progress(42, undecodable)
            eventually("the last is shown", lambda: self.server.client.get(task.id)["progress"] == 42)
            seen.append(self.server.client.get(task.id)["progress_message"])
            return "done"

        @worker.task("neighbor")
        def neighbor(task: Task) -> str:
            time.sleep(5)  # Longer than a lease.
            return "kept"

        with Running(worker):
            ids = [self.submit("neighbor", max_retry=0), self.submit("odd-progress", max_retry=0)]
            for id, result in zip(ids, ["kept", "done"]):
                task = self.server.ended(id)
                self.assertEqual((task["status"], task["result"], task["error"]), ("success", result, None))
        self.assertEqual(seen, ["caf\ufffd.txt"])

    def test_a_rejected_report_does_not_block_others(self) -> None:
        worker = self.worker(concurrency=3)
        go_on = threading.Event()
        worker.add("reports", lambda task: go_on.wait(60))
        with Running(worker):
            ids = [self.submit("reports", max_retry=0) for _ in range(3)]
            # The server shows a lease before the worker has received it.
            eventually("all are in their handlers", lambda: len(worker._running) == 3)
            with worker._changed:
                leases = {task.id: lease for lease, task in worker._running.items()}
                # Out of range, which no handler can report: the server rejects it.
                worker._progress = {
                    leases[ids[0]]: (500.0, None), leases[ids[1]]: (7.0, "fine"), leases[ids[2]]: (8.0, None)}
                worker._changed.notify_all()
            for id, percent in [(ids[1], 7), (ids[2], 8)]:
                self.server.task(id, f"is at {percent}", lambda task: task["progress"] == percent)
            go_on.set()
            self.assertEqual([self.server.ended(id)["status"] for id in ids], ["success"] * 3)

    def test_every_outcome_is_reported(self) -> None:
        worker = self.worker(concurrency=4)
        undecodable = b"caf\xe9".decode("utf-8", "surrogateescape")
        raised: Dict[str, Any] = {
            "large": ValueError("x" * 2_000_000),
            "unspeakable": Unspeakable(),
            "undecodable": OSError(undecodable),
            "lone": ValueError("\ud800"),
            "control": ValueError("a\x00b\x1b[31m"),
            "exit": SystemExit(3),
            "negative": TaskFailed("wait", retry_after=-5),
            "nan": TaskFailed("wait", retry_after=math.nan),
            "infinite": TaskFailed("wait", retry_after=math.inf),
            "soon": TaskFailed("wait", retry_after="soon"),  # type: ignore[arg-type]
            "delta": TaskFailed("wait", retry_after=datetime.timedelta(hours=1)),  # type: ignore[arg-type]
            "bytes": TaskFailed(b"caf\xe9"),  # type: ignore[arg-type]
            "bare": BareFailure(),
        }

        @worker.task("ends")
        def ends(task: Task) -> None:
            raise raised[task.payload]

        with Running(worker):
            ids = {name: self.submit("ends", name, max_retry=1, retry_policy={"delay": 3600}) for name in raised}
            tasks = {
                name: self.server.task(id, f"({name}) has failed", lambda task: task["error"])
                for name, id in ids.items()
            }
        for name, task in tasks.items():
            self.assertEqual({error["kind"] for error in task["errors"]}, {"error"}, name)
        self.assertEqual(tasks["unspeakable"]["error"], "Unspeakable: <Unspeakable, whose str() raises RuntimeError>")
        self.assertEqual(tasks["undecodable"]["error"], "OSError: caf\ufffd")
        self.assertEqual(tasks["control"]["error"], "ValueError: a\u2400b\u241b[31m")
        self.assertTrue(tasks["large"]["error"].startswith("ValueError: xxx"))
        self.assertEqual(tasks["large"]["status"], "pending")

    def test_snooze_with_an_invalid_delay(self) -> None:
        worker = self.worker()
        delays: List[Any] = [math.nan, -1, "soon"]

        @worker.task("naps")
        def naps(task: Task) -> str:
            if delays:
                raise Snooze(delays.pop())
            return "awake"

        with Running(worker):
            self.assertEqual(self.server.ended(self.submit("naps", max_retry=0))["result"], "awake")

    def test_result_that_is_too_large(self) -> None:
        worker = self.worker()
        worker.add("large", lambda task: "x" * (3 << 20))
        with Running(worker):
            task = self.server.ended(self.submit("large", max_retry=5))
            self.assertEqual((task["status"], task["retry_count"]), ("failed", 0))

    def test_result_that_cannot_be_encoded(self) -> None:
        worker = self.worker()
        nested: List[Any] = []
        nested.append(nested)
        results: Dict[str, Any] = {"nested": nested, "nan": math.nan, "key": {b"x": 1}, "odd": OddDict(a=1)}
        worker.add("unwritable", lambda task: results[task.payload])
        with Running(worker):
            for name in results:
                task = self.server.ended(self.submit("unwritable", name, max_retry=5))
                self.assertEqual(task["status"], "failed", name)
                self.assertIn("the result is not JSON", task["error"], name)

    def test_async_handlers(self) -> None:
        worker = self.worker(concurrency=4)
        reasons: List[Optional[str]] = []

        @worker.task("async")
        async def handler(task: Task) -> Dict[str, Any]:
            task.progress(50, "half")
            await asyncio.sleep(0.01)
            if task.payload == "fail":
                raise ValueError("no luck")
            if task.payload == "sleep":
                try:
                    await asyncio.sleep(600)
                finally:
                    reasons.append(task.stop_reason)
            return {"attempt": task.attempt}

        with Running(worker):
            task = self.server.ended(self.submit("async"))
            self.assertEqual((task["status"], task["result"], task["progress"]), ("success", {"attempt": 1}, 50))
            task = self.server.ended(self.submit("async", "fail", max_retry=0))
            self.assertEqual((task["status"], task["error"]), ("failed", "ValueError: no luck"))
            task = self.server.ended(self.submit("async", "sleep", process_timeout=1, max_retry=0))
            self.assertEqual([error["kind"] for error in task["errors"]], ["timeout"])
            id = self.submit("async", "sleep")
            self.server.task(id, "runs", lambda task: task["progress"] == 50)
            self.server.client.cancel(id)
            self.assertEqual(self.server.ended(id)["status"], "canceled")
            eventually("both have stopped", lambda: len(reasons) == 2)
            self.assertEqual(reasons, ["timeout", "canceled"])

    def test_an_outcome_is_reported_once_the_token_is_valid_again(self) -> None:
        worker = self.worker()
        asked = threading.Event()
        send = worker.client._send

        def reject_once(method: str, path: str, *rest: Any) -> Any:
            if path.endswith("/complete") and not asked.is_set():
                asked.set()
                raise XQueueError(401, "unauthorized", "unknown token")
            return send(method, path, *rest)

        worker.client._send = reject_once  # type: ignore[method-assign]
        worker.add("told", lambda task: "done")
        with Running(worker):
            self.assertEqual(self.server.ended(self.submit("told", max_retry=0))["result"], "done")
        self.assertTrue(asked.is_set())

    def test_cancel(self) -> None:
        worker = self.worker()
        reasons: List[Optional[str]] = []

        @worker.task("endless")
        def endless(task: Task) -> None:
            try:
                task.sleep(600)
            except TaskStopped as stopped:
                reasons.append(stopped.reason)
                raise

        with Running(worker):
            id = self.submit("endless")
            self.server.task(id, "runs", lambda task: task["status"] == "processing")
            self.server.client.cancel(id)
            self.assertEqual(self.server.ended(id)["status"], "canceled")
            eventually("the handler has stopped", lambda: reasons)
            self.assertEqual(reasons, ["canceled"])

    def test_timeout(self) -> None:
        worker = self.worker()

        @worker.task("long")
        def long(task: Task) -> None:
            task.sleep(600)

        with Running(worker):
            task = self.server.ended(self.submit("long", process_timeout=1, max_retry=0))
            self.assertEqual(task["status"], "failed")
            self.assertEqual([error["kind"] for error in task["errors"]], ["timeout"])

    def test_long_task_keeps_its_lease(self) -> None:
        worker = self.worker()
        worker.add("patient", lambda task: time.sleep(5))
        with Running(worker):
            # A lease lasts three seconds.
            task = self.server.ended(self.submit("patient", max_retry=0))
            self.assertEqual((task["status"], task["retry_count"]), ("success", 0))

    def test_stop_releases_tasks_that_do_not_stop(self) -> None:
        worker = self.worker(grace_period=0.1, stop_period=0.1)
        held = threading.Event()
        worker.add("stuck", lambda task: held.wait(60))
        id = self.submit("stuck")
        with Running(worker):
            self.server.task(id, "runs", lambda task: task["status"] == "processing")
        task = self.server.client.get(id)
        self.assertEqual((task["status"], task["retry_count"]), ("pending", 0))
        held.set()
        self.server.client.cancel(id)

    def test_a_rejected_worker_reports_why(self) -> None:
        worker = self.worker(name="not a name")
        worker.add("x", lambda task: None)
        with Running(worker) as running:
            running.join()
        self.assertIsInstance(running.error, XQueueError)
        self.assertEqual(getattr(running.error, "field", None), "worker")

    def test_client(self) -> None:
        client = Client(self.server.url)
        task = client.submit("nobody", {"a": 1}, priority=7, delay=3600)
        self.assertEqual((task["priority"], task["payload"]), (7, {"a": 1}))
        with self.assertRaises(TimeoutError):
            client.wait(task["id"], timeout=0.1, interval=0.05)
        self.assertEqual(client.cancel(task["id"])["status"], "canceled")
        self.assertEqual(client.wait(task["id"], timeout=10)["status"], "canceled")
        with self.assertRaises(XQueueError) as caught:
            client.submit("bad type!")
        self.assertEqual((caught.exception.status, caught.exception.field), (400, "type"))
        with self.assertRaises(Unreachable):
            Client("http://127.0.0.1:1").get(task["id"])
        with self.assertRaises(ValueError):
            Client("ftp://x")
        client.close()

    def test_edit(self) -> None:
        client = Client(self.server.url)
        task = client.submit("nobody", {"to": "ann", "cc": "bob"}, delay=3600, unique_key="u")
        self.addCleanup(client.cancel, task["id"])
        edited = client.edit(
            task["id"], payload={"cc": None, "n": 1}, priority=9, queue_timeout=datetime.timedelta(minutes=5),
            unique_key=None, run_at=None, version=task["version"])
        self.assertEqual((edited["payload"], edited["priority"]), ({"to": "ann", "n": 1}, 9))
        self.assertEqual((edited["queue_timeout"], edited["unique_key"]), (300, None))
        self.assertEqual((edited["pending_reason"], edited["version"]), ("ready", 2))
        start = datetime.datetime(2030, 1, 1, 9, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
        moved = client.edit(task["id"], run_at=start)
        self.assertEqual((moved["run_at"], moved["priority"]), ("2030-01-01T08:00:00.000Z", 9))
        self.assertEqual(client.get(task["id"]), moved)
        with self.assertRaises(XQueueError) as caught:
            client.edit(task["id"], priority=1, version=1)
        self.assertEqual((caught.exception.status, caught.exception.code), (412, "version_conflict"))
        with self.assertRaises(XQueueError) as caught:
            client.edit(task["id"], max_retry=-1)
        self.assertEqual((caught.exception.status, caught.exception.field), (400, "max_retry"))
        with self.assertRaises(ValueError):
            client.edit(task["id"], run_at=datetime.datetime(2030, 1, 1))

        ended = client.submit("nobody")["id"]
        client.cancel(ended)
        with self.assertRaises(XQueueError) as caught:
            client.edit(ended, priority=1)
        self.assertEqual((caught.exception.status, caught.exception.code), (409, "not_pending"))

    def test_unique(self) -> None:
        client = Client(self.server.url)
        def submit(payload: Any, **rule: Any) -> Dict[str, Any]:
            return client.submit("unique", payload, unique={"key": "k", **rule})

        holder = submit(1)
        self.addCleanup(client.cancel, holder["id"])
        self.assertNotIn("deduplicated", holder)
        self.assertEqual(
            (holder["unique_key"], holder["unique"]),
            ("k", {"key": "k", "until": "done", "window": None, "across_types": False}))
        returned = submit(2)
        self.assertEqual((returned["id"], returned["deduplicated"], returned["payload"]), (holder["id"], True, 1))
        replaced = submit(3, on_conflict="replace")
        self.assertEqual((replaced["id"], replaced["replaced"], replaced["payload"]), (holder["id"], True, 3))
        with self.assertRaises(XQueueError) as caught:
            submit(4, on_conflict="reject")
        self.assertEqual((caught.exception.status, caught.exception.code), (409, "not_unique"))
        self.assertIn(holder["id"], str(caught.exception))
        rejected, free = client.submit_all([
            {"type": "unique", "unique": {"key": "k", "on_conflict": "reject"}},
            {"type": "unique", "payload": {"to": {"id": 7}}, "unique": {"by": ["to.id"], "window": 3600}},
        ])
        self.addCleanup(client.cancel, free["id"])
        self.assertEqual((rejected["id"], rejected["rejected"]), (holder["id"], "not_unique"))
        self.assertNotIn("rejected", free)
        self.assertEqual(free["unique"]["window"], 3600)
        edited = client.edit(free["id"], unique={"window": 60})
        self.assertEqual((edited["unique_key"], edited["unique"]["window"]), (free["unique_key"], 60))
        with self.assertRaises(XQueueError) as caught:
            submit(5, until="noon")
        self.assertEqual((caught.exception.status, caught.exception.field), (400, "unique.until"))

    def test_schedules(self) -> None:
        client = Client(self.server.url)
        start = datetime.datetime(2030, 1, 1, 9, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
        made = client.set_schedule(
            "nightly", "nobody", {"a": 1}, cron="30 2 * * *", time_zone="Europe/Berlin", jitter=datetime.timedelta(minutes=1),
            starts_at=start, task={"priority": 7}, version=0)
        self.addCleanup(client.remove_schedule, "nightly")
        self.assertEqual((made["cron"], made["jitter"], made["starts_at"]), ("30 2 * * *", 60, "2030-01-01T08:00:00.000Z"))
        self.assertEqual((made["task"]["payload"], made["task"]["priority"]), ({"a": 1}, 7))
        self.assertEqual(made["next"][0]["local"], "2030-01-02T02:30:00+01:00")
        with self.assertRaises(XQueueError) as caught:
            client.set_schedule("nightly", "nobody", every=60, version=0)
        self.assertEqual((caught.exception.status, caught.exception.code), (412, "version_conflict"))
        with self.assertRaises(XQueueError) as caught:
            client.set_schedule("other", "nobody", cron="61 * * * *")
        self.assertEqual((caught.exception.status, caught.exception.field), (400, "cron"))
        with self.assertRaises(ValueError):
            client.set_schedule("other", "nobody", every=60, ends_at=datetime.datetime(2030, 1, 1))

        self.assertEqual(client.pause_schedule("nightly", "holidays")["pause_reason"], "holidays")
        self.assertTrue(client.get_schedule("nightly")["paused"])
        self.assertFalse(client.resume_schedule("nightly")["paused"])
        task = client.run_schedule("nightly")
        self.assertEqual((task["type"], task["payload"], task["priority"]), ("nobody", {"a": 1}, 7))

        client.set_schedule("hourly", "nobody", every=datetime.timedelta(hours=1))
        self.assertEqual([each["name"] for each in client.schedules()], ["hourly", "nightly"])
        client.remove_schedule("hourly")
        self.assertEqual([each["name"] for each in client.schedules()], ["nightly"])
        with self.assertRaises(XQueueError) as caught:
            client.get_schedule("hourly")
        self.assertEqual(caught.exception.code, "not_found")

    def test_handlers_know_the_tick(self) -> None:
        worker = self.worker(name="ticks")
        seen: Dict[str, Any] = {}
        worker.add("ticked", lambda task: seen.__setitem__(task.id, task.scheduled))
        client = self.server.client
        client.set_schedule("ticked", "ticked", every=86400)
        self.addCleanup(client.remove_schedule, "ticked")
        days = ("2026-01-01T00:00:00Z", datetime.datetime(2026, 1, 3, tzinfo=datetime.timezone.utc))
        with Running(worker):
            other = self.submit("ticked")
            planned = client.backfill_schedule("ticked", *days, dry_run=True)
            self.assertEqual([tick["new"] for tick in planned], [True, True])
            ticks = client.backfill_schedule("ticked", *days)
            self.assertEqual([tick["tick"] for tick in ticks], ["2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"])
            for id in [other, *(tick["task_id"] for tick in ticks)]:
                self.assertEqual(self.server.ended(id)["status"], "success")
        self.assertIsNone(seen[other])
        for tick in ticks:
            self.assertEqual((seen[tick["task_id"]] or {}).get("schedule"), "ticked")
            self.assertEqual((seen[tick["task_id"]] or {}).get("tick"), tick["tick"])
        self.assertEqual([tick["new"] for tick in client.backfill_schedule("ticked", *days)], [False, False])


class Calls:
    """Lets a test look at a worker's calls, reject them, or hold them up."""

    def __init__(self, worker: Worker) -> None:
        self.paths: List[str] = []
        self.rule: Callable[[str, Any], None] = lambda path, data: None
        send = worker.client._send

        def through(method: str, path: str, data: Any, *rest: Any) -> Any:
            self.paths.append(path)
            self.rule(path, data)
            return send(method, path, data, *rest)

        worker.client._send = through  # type: ignore[method-assign]


class BatchTest(unittest.TestCase):
    """Many outcomes in one call, and threads that stay."""

    def setUp(self) -> None:
        # Few leases per call, and small results.
        self.server = Server(*WorkerTest.FLAGS, "--queue-max-batch", "50", "--queue-max-payload", "1KiB")
        self.addCleanup(self.server.close)

    def hold(self, worker: Worker) -> threading.Event:
        """Holds up the first call that reports an outcome until the event is set: further outcomes gather meanwhile."""
        calls, go_on, is_first = Calls(worker), threading.Event(), threading.Lock()

        def rule(path: str, data: Any) -> None:
            if path.endswith(("/complete", "/fail")) and is_first.acquire(blocking=False):
                assert go_on.wait(60)

        calls.rule = rule
        return go_on

    def submit(self, type: str, payloads: List[Any], **options: Any) -> List[str]:
        ids: List[str] = []
        for start in range(0, len(payloads), 50):
            tasks = [{"type": type, "payload": each, **options} for each in payloads[start:start + 50]]
            ids += [task["id"] for task in self.server.client.submit_all(tasks)]
        return ids

    def test_outcomes_gather_while_a_call_is_under_way(self) -> None:
        worker = Worker(self.server.url, concurrency=4)
        go_on = self.hold(worker)
        threads = set()
        kept = threading.local()
        kept_by = []

        @worker.task("quick")
        def quick(task: Task) -> int:
            threads.add(threading.current_thread())
            if not hasattr(kept, "mark"):
                kept.mark = True
                kept_by.append(task.id)
            return int(task.payload)

        ids = self.submit("quick", list(range(26)), max_retry=0)
        with Running(worker):
            eventually("all have run", lambda: len(worker._held) == 26 and not worker._waiting and not worker._running)
            go_on.set()
            for n, id in enumerate(ids):
                self.assertEqual(self.server.ended(id)["result"], n)
        # The first, with any others that were as quick, and the rest.
        calls = sum(self.server.requests(f"POST /api/v1/leases/{route}") for route in ("{lease}/complete", "complete"))
        self.assertLessEqual(calls, 2)
        self.assertLessEqual(len(threads), 4)
        self.assertEqual(len(kept_by), len(threads))

    def test_a_rejected_outcome_does_not_harm_its_batch(self) -> None:
        worker = Worker(self.server.url, concurrency=1, prefetch=30)
        go_on = self.hold(worker)
        results = {"large": "x" * 2000, "fine": "fine"}

        @worker.task("mixed")
        def mixed(task: Task) -> str:
            if task.payload == "fails":
                raise ValueError("no luck")
            return results[task.payload]

        payloads = ["fine"] * 10 + ["large", "fails", "fine", "large"] + ["fine"] * 5 + ["lost"]
        results["lost"] = "fine"
        ids = self.submit("mixed", payloads, max_retry=0)
        with Running(worker):
            eventually("all have run", lambda: len(worker._held) == 20 and not worker._waiting and not worker._running)
            # The last one is not in the call under way unless all are, and then it is lost all the same.
            lost = next(lease for lease, task in worker._held.items() if task.id == ids[-1])
            self.server.client.call("POST", f"/api/v1/leases/{lost}/complete", {"result": "of another"})
            go_on.set()
            for id, payload in zip(ids, payloads):
                task = self.server.ended(id)
                if payload == "large":
                    self.assertEqual((task["status"], task["retry_count"]), ("failed", 0))
                    self.assertIn("must be at most 1024 bytes", task["error"])
                elif payload == "fails":
                    self.assertEqual((task["status"], task["error"]), ("failed", "ValueError: no luck"))
                else:
                    result = "of another" if payload == "lost" else "fine"
                    self.assertEqual((task["status"], task["result"]), ("success", result))
            eventually("nothing is held", lambda: not worker._held)

    def test_outcomes_are_reported_again_after_a_lost_connection(self) -> None:
        worker = Worker(self.server.url, concurrency=4)
        calls = Calls(worker)
        failed: List[str] = []
        runs: List[int] = []

        def rule(path: str, data: Any) -> None:
            if path.endswith("/complete") and len(failed) < 3:
                failed.append(path)
                raise Unreachable("gone")

        calls.rule = rule
        worker.add("again", lambda task: runs.append(task.payload))
        ids = self.submit("again", list(range(20)), max_retry=0)
        with Running(worker):
            self.assertEqual({self.server.ended(id)["status"] for id in ids}, {"success"})
        self.assertEqual(len(failed), 3)
        self.assertEqual(sorted(runs), list(range(20)))

    def test_outcomes_are_reported_after_an_unexpected_error(self) -> None:
        worker = Worker(self.server.url, concurrency=2)
        report, failures = worker._report_all, [RuntimeError("a broken log handler")]

        def report_all(ends: Any) -> Any:
            if failures:
                raise failures.pop()
            return report(ends)

        worker._report_all = report_all  # type: ignore[method-assign]
        worker.add("shaky", lambda task: None)
        ids = self.submit("shaky", list(range(5)), max_retry=0)
        with self.assertLogs("xqueue", level="ERROR"), Running(worker):
            self.assertEqual({self.server.ended(id)["status"] for id in ids}, {"success"})

    def test_a_server_error_does_not_block_others(self) -> None:
        worker = Worker(self.server.url, concurrency=1, prefetch=30)
        go_on = self.hold(worker)
        calls = Calls(worker)
        alone: List[str] = []

        def rule(path: str, data: Any) -> None:
            if path.endswith("/complete") and b'"poison"' in data:
                if path != "/api/v1/leases/complete":
                    alone.append(path)
                raise XQueueError(500, "internal", "odd")

        calls.rule = rule
        worker.add("poison", lambda task: "poison" if task.payload == 7 else task.payload)
        ids = self.submit("poison", list(range(20)), max_retry=0)
        with Running(worker):
            eventually("all have run", lambda: len(worker._held) == 20 and not worker._waiting and not worker._running)
            go_on.set()
            for n, id in enumerate(ids):
                if n != 7:
                    self.assertEqual(self.server.ended(id)["result"], n)
            tries = len(alone)
            eventually("it is tried again", lambda: len(alone) > tries + 1)
            self.assertEqual(self.server.client.get(ids[7])["status"], "processing")
            calls.rule = lambda path, data: None
            self.assertEqual(self.server.ended(ids[7])["result"], "poison")

    def test_more_leases_than_a_call_may_have(self) -> None:
        worker = Worker(self.server.url, concurrency=120)
        go_on = threading.Event()
        worker.add("wide", lambda task: go_on.wait(60))
        ids = self.submit("wide", [None] * 120, max_retry=0)
        with Running(worker):
            eventually("all run", lambda: len(worker._running) == 120)
            with worker._lock:
                renewed = {task.lease: task._safe_until or 0.0 for task in worker._running.values()}
            # A lease lasts three seconds.
            eventually("all are renewed", lambda: all(
                (worker._running[lease]._safe_until or 0.0) > until + 4 for lease, until in renewed.items()))
            go_on.set()
            self.assertEqual({self.server.ended(id)["status"] for id in ids}, {"success"})

    def test_large_results_go_in_several_calls(self) -> None:
        server = Server(*WorkerTest.FLAGS)
        self.addCleanup(server.close)
        worker = Worker(server.url, concurrency=1, prefetch=20)
        go_on = self.hold(worker)
        worker.add("bulky", lambda task: "x" * 200_000)
        ids = [server.client.submit("bulky", max_retry=0)["id"] for _ in range(10)]
        with Running(worker):
            eventually("all have run", lambda: len(worker._held) == 10 and not worker._waiting and not worker._running)
            go_on.set()
            self.assertEqual({server.ended(id)["status"] for id in ids}, {"success"})
        self.assertEqual(server.requests("POST /api/v1/leases/{lease}/complete"), 10)

    def test_threads_wait_while_too_many_outcomes_are_unreported(self) -> None:
        worker = Worker(self.server.url, concurrency=2, prefetch=10)
        # Two outcomes fill it.
        worker._BACKLOG_BYTES = 40_000  # type: ignore[misc]
        go_on = self.hold(worker)
        runs: List[str] = []
        worker.add("much", lambda task: runs.append(task.id))
        ids = self.submit("much", [None] * 30, max_retry=0)
        with Running(worker):
            # More are claimed once half of the tasks fetched ahead have started.
            eventually("the worker is full", lambda: len(worker._waiting) > 7 and worker._backlog > 40_000)
            self.assertLess(len(runs), 8)
            go_on.set()
            self.assertEqual({self.server.ended(id)["status"] for id in ids}, {"success"})
        self.assertEqual(len(runs), 30)


class PrefetchTest(unittest.TestCase):
    """Tasks that wait in the worker."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = Server(*WorkerTest.FLAGS)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.close()

    def setUp(self) -> None:
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)
        self.ran: List[str] = []

    def handler(self, task: Task) -> int:
        self.ran.append(task.id)
        if task.payload == "block":
            assert self.go_on.wait(60)
        return task.attempt

    def blocked(self, type: str, count: int, **options: Any) -> Tuple[Worker, List[str]]:
        """Returns a worker with one thread, and tasks of which the first blocks it."""
        worker = Worker(self.server.url, concurrency=1, prefetch=count, name=type)
        worker.add(type, self.handler)
        ids = [self.submit(type, "block")]
        ids += [self.submit(type, **options) for _ in range(count)]
        return worker, ids

    def submit(self, type: str, payload: Any = None, **options: Any) -> str:
        return str(self.server.client.submit(type, payload, **{"max_retry": 0, **options})["id"])

    def use_long_leases(self) -> None:
        """Heartbeats every second, but leases of three minutes: none expires during a test."""
        server = Server("--queue-heartbeat-interval", "60s", "--queue-grace-period", "3s")
        self.addCleanup(server.close)
        self.server = server  # type: ignore[misc]

    def two_heartbeats(self) -> None:
        since = self.server.requests("PUT /api/v1/leases")
        eventually("heartbeats come", lambda: self.server.requests("PUT /api/v1/leases") > since + 1)

    def all_wait(self, worker: Worker, count: int) -> List[Task]:
        eventually(f"{count} tasks wait", lambda: len(worker._waiting) == count and worker._running)
        return list(worker._waiting)

    def test_range(self) -> None:
        for prefetch in (-1, 1001):
            with self.assertRaises(ValueError):
                Worker(self.server.url, prefetch=prefetch)

    def test_none(self) -> None:
        worker, _ = self.blocked("alone", 0)
        other = self.submit("alone")
        with Running(worker):
            eventually("the first runs", lambda: self.ran)
            self.assertEqual(self.server.client.get(other)["status"], "pending")
            self.go_on.set()
            self.assertEqual(self.server.ended(other)["status"], "success")

    def test_waiting_tasks_keep_their_leases(self) -> None:
        worker, ids = self.blocked("kept", 3)
        with Running(worker):
            waiting = self.all_wait(worker, 3)
            until = [task._safe_until or 0.0 for task in waiting]
            # A lease lasts three seconds.
            eventually("they are renewed", lambda: all(
                (task._safe_until or 0.0) > first + 5 for task, first in zip(waiting, until)))
            self.assertEqual(list(worker._waiting), waiting)
            self.go_on.set()
            for id in ids:
                task = self.server.ended(id)
                self.assertEqual((task["status"], task["result"], task["errors"]), ("success", 1, []))
        self.assertEqual(self.ran, ids)

    def test_stop_releases_waiting_tasks_at_once(self) -> None:
        worker, ids = self.blocked("left", 3)
        with Running(worker):
            self.all_wait(worker, 3)
            other = Worker(self.server.url, name="left-other")
            other.add("left", self.handler)
            with Running(other):
                worker.stop()
                for id in ids[1:]:
                    task = self.server.ended(id)
                    self.assertEqual((task["status"], task["worker_id"], task["retry_count"]), ("success", "left-other", 0))
                self.assertEqual(self.server.client.get(ids[0])["status"], "processing")
                self.go_on.set()
                self.assertEqual(self.server.ended(ids[0])["worker_id"], "left")
        self.assertEqual(sorted(self.ran), sorted(ids))

    def test_a_canceled_task_does_not_start(self) -> None:
        self.use_long_leases()
        worker, ids = self.blocked("canceled", 3)
        with Running(worker):
            self.all_wait(worker, 3)
            self.server.client.cancel(ids[2])
            eventually("it is dropped", lambda: len(worker._waiting) == 2)
            self.assertEqual(self.server.ended(ids[2])["status"], "canceled")
            self.go_on.set()
            for id in (ids[1], ids[3]):
                self.assertEqual(self.server.ended(id)["status"], "success")
        self.assertEqual(self.ran, [ids[0], ids[1], ids[3]])

    def test_a_lost_task_does_not_start(self) -> None:
        self.use_long_leases()
        worker, ids = self.blocked("lost", 3)
        with Running(worker):
            lost = self.all_wait(worker, 3)[1]
            self.server.client.call("POST", f"/api/v1/leases/{lost.lease}/release", {"delay": 3600})
            eventually("it is dropped", lambda: lost not in worker._waiting and lost.lease not in worker._held)
            self.go_on.set()
            for id in (ids[1], ids[3]):
                self.assertEqual(self.server.ended(id)["status"], "success")
        self.assertEqual(self.ran, [ids[0], ids[1], ids[3]])
        self.server.client.cancel(lost.id)

    def test_a_task_is_not_left_with_too_little_time(self) -> None:
        worker, ids = self.blocked("timed", 2, process_timeout=20)
        calls = Calls(worker)
        rests: List[float] = []

        @worker.task("timed-rest")
        def rest(task: Task) -> None:
            rests.append((task._deadline or 0) - time.monotonic())

        late = [self.submit("timed-rest", process_timeout=20) for _ in range(2)]
        with Running(worker):
            waiting = self.all_wait(worker, 2)
            # They wait for a tenth of their timeout.
            eventually("some are released", lambda: any("/release" in path for path in calls.paths))
            self.assertGreater((waiting[0]._deadline or 0) - time.monotonic(), 10)
            self.assertEqual(self.ran, ids[:1])
            self.go_on.set()
            for id in ids + late:
                task = self.server.ended(id)
                self.assertEqual((task["status"], task["retry_count"], task["errors"]), ("success", 0, []))
        self.assertEqual(len(rests), 2)
        self.assertGreaterEqual(min(rests), 18)

    def test_short_tasks_are_prefetched(self) -> None:
        worker = Worker(self.server.url, concurrency=2)
        waiting: List[int] = []
        worker.add("short", lambda task: waiting.append(len(worker._waiting)))
        ids = [task["id"] for task in self.server.client.submit_all([{"type": "short"}] * 300)]
        with Running(worker):
            for id in ids:
                self.assertEqual(self.server.ended(id)["status"], "success")
        # Those that have a thread, and 32 for each beside.
        self.assertGreater(max(waiting), 2)
        self.assertLessEqual(max(waiting), 2 + 64)

    def test_large_payloads_do_not_pile_up(self) -> None:
        worker = Worker(self.server.url, concurrency=1, prefetch=40)
        worker.add("bulk", lambda task: self.go_on.wait(60))
        ids = [self.submit("bulk", "x" * 900_000) for _ in range(30)]
        with Running(worker):
            eventually("some wait", lambda: len(worker._waiting) >= 5)
            self.two_heartbeats()
            # A reply has 8 MiB.
            self.assertLessEqual(len(worker._waiting), 10)
            self.go_on.set()
            for id in ids:
                self.assertEqual(self.server.ended(id)["status"], "success")

    def test_tasks_that_arrive_after_stop_are_released(self) -> None:
        worker = Worker(self.server.url, grace_period=600)
        worker.add("late", self.handler)
        send = worker.client._send

        def stop(method: str, path: str, *rest: Any) -> Any:
            answer = send(method, path, *rest)
            if (method, path) == ("POST", "/api/v1/leases"):
                worker.stop()
            return answer

        worker.client._send = stop  # type: ignore[method-assign]
        id = self.submit("late")
        with Running(worker) as running:
            running.join()
        task = self.server.client.get(id)
        self.assertEqual((task["status"], task["retry_count"], self.ran), ("pending", 0, []))
        self.server.client.cancel(id)

    def test_long_tasks_are_not_prefetched(self) -> None:
        worker = Worker(self.server.url, concurrency=2)
        waiting: List[int] = []
        others: List[str] = []

        @worker.task("long-ones")
        def handler(task: Task) -> None:
            others.extend(self.server.client.get(id)["status"] for id in ids[-1:] if task.id != id)
            time.sleep(0.15)
            waiting.append(len(worker._waiting))

        ids = [task["id"] for task in self.server.client.submit_all([{"type": "long-ones"}] * 8)]
        with Running(worker):
            for id in ids:
                self.assertEqual(self.server.ended(id)["status"], "success")
        self.assertEqual(waiting, [0] * 8)
        self.assertEqual(set(others[:5]), {"pending"})

    def test_a_long_task_does_not_keep_others_waiting(self) -> None:
        worker = Worker(self.server.url, concurrency=1, name="slow")
        worker.add("sudden", self.handler)
        ids = [task["id"] for task in self.server.client.submit_all(
            [{"type": "sudden", "payload": "block" if n == 20 else None} for n in range(40)])]
        with Running(worker):
            eventually("it blocks", lambda: ids[20] in self.ran)
            other = Worker(self.server.url, concurrency=1, name="free")
            other.add("sudden", self.handler)
            with Running(other):
                for n, id in enumerate(ids):
                    if n != 20:
                        task = self.server.ended(id)
                        self.assertEqual((task["status"], task["retry_count"]), ("success", 0))
                self.assertEqual(self.server.client.get(ids[20])["status"], "processing")
                self.go_on.set()
                self.assertEqual(self.server.ended(ids[20])["worker_id"], "slow")
        self.assertEqual(len(self.ran), 40)


class ProcessTest(unittest.TestCase):
    """Workers that are killed or asked to stop, and servers that become unreachable."""

    def setUp(self) -> None:
        self.server = Server(*WorkerTest.FLAGS)
        self.workers: List[WorkerProcess] = []

    def tearDown(self) -> None:
        for worker in self.workers:
            worker.close()
        self.server.close()

    def start(self, handler: str, **options: Any) -> WorkerProcess:
        worker = WorkerProcess(self.server, handler, **options)
        self.workers.append(worker)
        return worker

    def test_killed_worker_loses_its_task_to_another(self) -> None:
        first = self.start("time.sleep(600)", name="first")
        id = self.server.client.submit("job", max_retry=1)["id"]
        self.server.task(id, "runs", lambda task: task["status"] == "processing")
        first.send(signal.SIGKILL)
        self.start("return task.attempt", name="second")
        task = self.server.ended(id)
        self.assertEqual((task["status"], task["result"], task["worker_id"]), ("success", 2, "second"))
        self.assertEqual([error["kind"] for error in task["errors"]], ["lease_lost"])
        eventually("the dead worker is forgotten", lambda: "first" not in [
            each["id"] for each in self.server.client.call("GET", "/api/v1/workers")["workers"]])

    def test_sigterm_lets_running_tasks_finish(self) -> None:
        worker = self.start("task.progress(1)\ntime.sleep(2)\nreturn 'done'")
        ids = [self.server.client.submit("job")["id"] for _ in range(3)]
        for id in ids[:2]:
            # A lease that reaches the worker only after the signal is released.
            self.server.task(id, "is in its handler", lambda task: task["progress"] == 1)
        worker.send(signal.SIGTERM)
        self.assertEqual(worker.wait(), 0)
        self.assertEqual([self.server.client.get(id)["status"] for id in ids], ["success", "success", "pending"])

    def test_sigterm_releases_waiting_tasks_at_once(self) -> None:
        self.start("task.progress(1)\ntime.sleep(600)", name="first", concurrency=1, prefetch=5)
        ids = [self.server.client.submit("job", max_retry=0)["id"] for _ in range(4)]
        self.server.task(ids[0], "is in its handler", lambda task: task["progress"] == 1)
        for id in ids[1:]:
            self.server.task(id, "waits in the worker", lambda task: task["status"] == "processing")
        # They have reached the worker once it has sent a heartbeat and another.
        since = self.server.requests("PUT /api/v1/leases")
        eventually("heartbeats come", lambda: self.server.requests("PUT /api/v1/leases") > since + 1)
        self.workers[0].send(signal.SIGTERM)
        self.start("return 'done'", name="second")
        for id in ids[1:]:
            task = self.server.ended(id)
            self.assertEqual((task["status"], task["worker_id"], task["retry_count"]), ("success", "second", 0))
        self.assertEqual(self.server.client.get(ids[0])["status"], "processing")

    def test_sigint_asks_tasks_to_stop_after_the_grace_period(self) -> None:
        worker = self.start("task.sleep(600)", grace=0.2)
        id = self.server.client.submit("job")["id"]
        self.server.task(id, "runs", lambda task: task["status"] == "processing")
        worker.send(signal.SIGINT)
        self.assertEqual(worker.wait(), 0)
        task = self.server.client.get(id)
        self.assertEqual((task["status"], task["retry_count"]), ("pending", 0))

    def test_handlers_stop_before_their_leases_are_lost(self) -> None:
        # A hung server leaves requests waiting; a dead one refuses connections.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            with self.subTest(signal=number):
                reasons: List[Optional[str]] = []
                safe: List[float] = []
                worker = Worker(self.server.url, concurrency=1)

                def handler(task: Task) -> str:
                    if reasons:
                        return "again"
                    try:
                        task.sleep(600)
                    except TaskStopped as stopped:
                        # The last renewal has not expired yet, apart from the margin.
                        safe.append(time.monotonic() - (task._safe_until or 0))
                        reasons.append(stopped.reason)
                        raise
                    return "not stopped"

                worker.add("careful", handler)
                with Running(worker):
                    id = self.server.client.submit("careful", max_retry=3)["id"]
                    self.server.task(id, "runs", lambda task: task["status"] == "processing")
                    # A lease lasts three seconds, but none is lost while the server responds.
                    time.sleep(4)
                    self.assertEqual(reasons, [])
                    assert self.server.process is not None
                    self.server.process.send_signal(number)
                    eventually("the handler is asked to stop", lambda: reasons)
                    self.assertEqual(reasons, ["lease_lost"])
                    self.assertGreaterEqual(safe[0], 0)
                    if number == signal.SIGKILL:
                        self.server.end()
                        self.server.start()
                    else:
                        self.server.process.send_signal(signal.SIGCONT)
                    task = self.server.ended(id)
                    self.assertEqual((task["status"], task["result"]), ("success", "again"))

    def test_handlers_may_continue_without_the_server(self) -> None:
        reasons: List[Optional[str]] = []
        worker = Worker(self.server.url, stop_on_lost_lease=False)

        begun = threading.Event()

        @worker.task("careless")
        def handler(task: Task) -> None:
            begun.set()
            task.sleep(6)
            reasons.append(task.stop_reason)

        with Running(worker):
            id = self.server.client.submit("careless")["id"]
            self.assertTrue(begun.wait(60))
            self.server.end(signal.SIGKILL)
            eventually("the handler has returned", lambda: reasons)
            self.assertEqual(reasons, [None])
            self.server.start()
            self.assertEqual(self.server.ended(id)["status"], "success")

    def test_a_server_that_is_killed_under_load(self) -> None:
        worker = Worker(self.server.url, concurrency=4)
        runs: Dict[int, int] = {}

        @worker.task("load")
        def handler(task: Task) -> int:
            runs[task.payload] = runs.get(task.payload, 0) + 1
            return int(task.payload)

        ids: List[str] = []
        for start in range(0, 3000, 1000):
            tasks = [{"type": "load", "payload": n, "max_retry": 5} for n in range(start, start + 1000)]
            ids += [task["id"] for task in self.server.client.submit_all(tasks)]
        with Running(worker):
            for done in (300, 1500):
                eventually(f"{done} have run", lambda: len(runs) >= done)
                self.server.end(signal.SIGKILL)
                self.server.start()
            for n, id in enumerate(ids):
                task = self.server.ended(id)
                self.assertEqual((task["status"], task["result"]), ("success", n))
                # The reply with its lease may have died with the server.
                self.assertLessEqual({error["kind"] for error in task["errors"]}, {"lease_lost"})
        self.assertEqual(sorted(runs), list(range(3000)))

    def test_a_restarted_server(self) -> None:
        self.start("task.progress(1)\ntime.sleep(1.5)\nreturn task.attempt")
        id = self.server.client.submit("job", max_retry=0)["id"]
        self.server.task(id, "is in its handler", lambda task: task["progress"] == 1)
        self.server.end(signal.SIGKILL)
        self.server.start()
        task = self.server.ended(id)
        self.assertEqual((task["status"], task["result"], task["retry_count"]), ("success", 1, 0))
        again = self.server.ended(self.server.client.submit("job")["id"])
        self.assertEqual(again["status"], "success")


if __name__ == "__main__":
    unittest.main()
