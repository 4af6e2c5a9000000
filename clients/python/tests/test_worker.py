"""The Python worker against the real server."""

from __future__ import annotations

import signal
import threading
import time
import unittest
from typing import Any, Dict, List, Optional

from server import Server, WorkerProcess, eventually
from xqueue_worker import Client, Snooze, Task, TaskFailed, TaskStopped, Unreachable, Worker, XQueueError


class Running:
    """A worker that runs in a thread of the test."""

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
            return {"twice": task.payload["n"] * 2, "attempt": task.attempt}

        with Running(worker):
            ids = [self.submit("double", {"n": n}) for n in range(10)]
            for n, id in enumerate(ids):
                task = self.server.ended(id)
                self.assertEqual(task["status"], "success")
                self.assertEqual(task["result"], {"twice": n * 2, "attempt": 1})
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

    def test_stop_gives_back_what_does_not_stop(self) -> None:
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

    def test_refused_worker_says_why(self) -> None:
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


class ProcessTest(unittest.TestCase):
    """Workers that are killed or told to end, and a server that goes away."""

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
        worker = self.start("time.sleep(2)\nreturn 'done'")
        ids = [self.server.client.submit("job")["id"] for _ in range(3)]
        for id in ids[:2]:
            self.server.task(id, "runs", lambda task: task["status"] == "processing")
        worker.send(signal.SIGTERM)
        self.assertEqual(worker.wait(), 0)
        self.assertEqual([self.server.client.get(id)["status"] for id in ids], ["success", "success", "pending"])

    def test_sigint_asks_tasks_to_stop_when_the_grace_period_is_over(self) -> None:
        worker = self.start("task.sleep(600)", grace=0.2)
        id = self.server.client.submit("job")["id"]
        self.server.task(id, "runs", lambda task: task["status"] == "processing")
        worker.send(signal.SIGINT)
        self.assertEqual(worker.wait(), 0)
        task = self.server.client.get(id)
        self.assertEqual((task["status"], task["retry_count"]), ("pending", 0))

    def test_server_that_is_restarted(self) -> None:
        self.start("time.sleep(1.5)\nreturn task.attempt")
        id = self.server.client.submit("job", max_retry=0)["id"]
        self.server.task(id, "runs", lambda task: task["status"] == "processing")
        self.server.end(signal.SIGKILL)
        self.server.start()
        task = self.server.ended(id)
        self.assertEqual((task["status"], task["result"], task["retry_count"]), ("success", 1, 0))
        again = self.server.ended(self.server.client.submit("job")["id"])
        self.assertEqual(again["status"], "success")


if __name__ == "__main__":
    unittest.main()
