"""A worker and a client for XQueue, with nothing but Python's standard library.

    from xqueue_worker import Worker, Task

    worker = Worker("http://127.0.0.1:8080", concurrency=8)

    @worker.task("mail")
    def mail(task: Task) -> dict:
        send(task.payload["to"])
        return {"sent": True}

    worker.run()

The file can be copied into a project, or imported from where it is. It needs Python 3.9 or newer.
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import random
import re
import signal
import socket
import ssl
import threading
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, TypeVar
from urllib.parse import quote, urlsplit

__all__ = [
    "Client", "Task", "Worker", "XQueueError", "Unreachable", "TaskFailed", "TaskStopped", "Snooze",
]

log = logging.getLogger("xqueue")

Handler = Callable[["Task"], Any]
H = TypeVar("H", bound=Handler)


# Errors


class XQueueError(Exception):
    """The server answered with an error."""

    def __init__(
        self, status: int, code: str, message: str, field: Optional[str] = None,
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        #: After how many seconds trying again may help, if the server says so.
        self.retry_after = retry_after

    @property
    def is_temporary(self) -> bool:
        return self.status >= 500 or self.status in (408, 429)


class Unreachable(Exception):
    """The server cannot be reached, or did not answer in time. Whether it did what was asked is not known."""


class TaskFailed(Exception):
    """Raised by a handler to say more about a failure than another exception does."""

    def __init__(
        self, message: str, *, retry_after: Optional[float] = None, permanent: bool = False
    ) -> None:
        super().__init__(message)
        #: Seconds until the next attempt, in place of what the task's retry policy says.
        self.retry_after = retry_after
        #: True if another attempt could do no better: the task fails at once.
        self.permanent = permanent


class Snooze(Exception):
    """Raised by a handler that wants to be run again later without using up a retry."""

    def __init__(self, delay: float = 0) -> None:
        super().__init__(f"again in {delay} s")
        self.delay = delay


class TaskStopped(Exception):
    """Raised by :meth:`Task.check` when the attempt should stop."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the task was stopped: {reason}")
        self.reason = reason


# The client


class Client:
    """Talks to one XQueue server. It may be used by many threads at once; each has a connection of its own."""

    # A connection that has rested longer may be closed by the server just when it is used again.
    _REST = 10.0

    def __init__(
        self, url: Optional[str] = None, *, token: Optional[str] = None, timeout: float = 30.0,
        tls: Optional[ssl.SSLContext] = None,
    ) -> None:
        """
        :param url: The server; by default the variable ``XQUEUE_URL``, or ``http://127.0.0.1:8080``.
        :param token: By default the variable ``XQUEUE_TOKEN``.
        :param timeout: How many seconds the server may take to answer.
        :param tls: How to check an ``https`` server; by default as the system does.
        """
        text = url or os.environ.get("XQUEUE_URL") or "http://127.0.0.1:8080"
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{text!r} is not the address of a server, such as http://127.0.0.1:8080")
        self._https = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port or (443 if self._https else 80)
        self._path = parts.path.rstrip("/")
        self._token = token if token is not None else os.environ.get("XQUEUE_TOKEN")
        self._timeout = timeout
        self._tls = tls or (ssl.create_default_context() if self._https else None)
        self._local = threading.local()

    def submit(self, type: str, payload: Any = None, **options: Any) -> Dict[str, Any]:
        """Submits a task and returns it as it is stored.

        :param options: Any other field of a submission, such as ``priority``, ``max_retry``,
            ``process_timeout``, ``delay``, ``unique_key`` or ``concurrency_key``.
        """
        return self.call("POST", "/api/v1/tasks", {"type": type, "payload": payload, **options})

    def submit_all(self, tasks: List[Mapping[str, Any]]) -> List[Dict[str, Any]]:
        """Submits many tasks, all or none of them, and returns them in the same order."""
        answer = self.call("POST", "/api/v1/tasks/batch", {"tasks": [dict(task) for task in tasks]})
        return list(answer["tasks"])

    def get(self, id: str) -> Dict[str, Any]:
        return self.call("GET", f"/api/v1/tasks/{quote(id, safe='')}")

    def cancel(self, id: str) -> Dict[str, Any]:
        return dict(self.call("DELETE", f"/api/v1/tasks/{quote(id, safe='')}")["task"])

    def wait(self, id: str, timeout: Optional[float] = None, interval: float = 0.5) -> Dict[str, Any]:
        """Returns the task once it has ended.

        :raises TimeoutError: after ``timeout`` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            task = self.get(id)
            if task["status"] not in ("pending", "processing"):
                return task
            if deadline is not None and time.monotonic() + interval > deadline:
                raise TimeoutError(f"task {id} is {task['status']} after {timeout} s")
            time.sleep(interval)

    def call(
        self, method: str, path: str, body: Any = None, *, timeout: Optional[float] = None
    ) -> Dict[str, Any]:
        """Sends one request and returns the answer's JSON.

        :raises XQueueError: if the server answers with an error.
        :raises Unreachable: if it does not answer.
        """
        data = None if body is None else json.dumps(body, allow_nan=False).encode()
        headers = {"Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        connection = self._connection(timeout or self._timeout)
        try:
            connection.request(method, self._path + path, body=data, headers=headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            raise Unreachable(f"{method} {path}: {type(error).__name__}: {error}") from error
        except BaseException:
            # Whatever is left of the answer must not be taken for the next one.
            self._drop()
            raise
        self._local.used = time.monotonic()
        return self._read(response, content)

    def interrupt(self, connection: http.client.HTTPConnection) -> None:
        """Ends another thread's wait for an answer: the server is told that nothing more will be asked."""
        sock = connection.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR if self._https else socket.SHUT_WR)
            except OSError:
                pass

    def connection(self) -> Optional[http.client.HTTPConnection]:
        """The calling thread's connection."""
        return getattr(self._local, "connection", None)

    def close(self) -> None:
        """Closes the calling thread's connection."""
        self._drop()

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        connection = self.connection()
        if connection is not None and time.monotonic() - self._local.used > self._REST:
            self._drop()
            connection = None
        if connection is None:
            if self._https:
                connection = http.client.HTTPSConnection(
                    self._host, self._port, timeout=timeout, context=self._tls)
            else:
                connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout)
            self._local.connection = connection
            self._local.used = time.monotonic()
        connection.timeout = timeout
        if connection.sock is not None:
            connection.sock.settimeout(timeout)
        return connection

    def _drop(self) -> None:
        connection = self.connection()
        if connection is not None:
            connection.close()
            self._local.connection = None

    @staticmethod
    def _read(response: http.client.HTTPResponse, content: bytes) -> Dict[str, Any]:
        try:
            answer = json.loads(content) if content else {}
        except ValueError:
            answer = {}
        if not isinstance(answer, dict):
            answer = {}
        if 200 <= response.status < 300:
            return answer
        wait = response.getheader("Retry-After")
        raise XQueueError(
            response.status, str(answer.get("code", "http_error")),
            str(answer.get("error", response.reason)), answer.get("field"),
            float(wait) if wait and re.fullmatch(r"\d{1,6}", wait) else None)


# Tasks


class Task:
    """One attempt of one task, as its handler sees it."""

    def __init__(self, worker: Worker, lease: str, record: Dict[str, Any], time_left: Optional[float]) -> None:
        self._worker = worker
        self.lease = lease
        #: All fields of the task, as the server sent them.
        self.record = record
        self.id: str = record["id"]
        self.type: str = record["type"]
        self.payload: Any = record["payload"]
        #: 1 for the first attempt.
        self.attempt: int = record["attempt"]
        self.max_retry: int = record["max_retry"]
        self._stopped = threading.Event()
        self._reason: Optional[str] = None
        self._deadline = None if time_left is None else time.monotonic() + time_left

    @property
    def stop_reason(self) -> Optional[str]:
        """Why the attempt should stop: ``canceled``, ``timeout``, ``lost`` or ``shutdown``; None while it may
        go on."""
        if self._reason is None and self._deadline is not None and time.monotonic() >= self._deadline:
            self.stop("timeout")
        return self._reason

    @property
    def is_stopped(self) -> bool:
        return self.stop_reason is not None

    def check(self) -> None:
        """To be called now and then by a handler that works long.

        :raises TaskStopped: if the attempt should stop.
        """
        reason = self.stop_reason
        if reason is not None:
            raise TaskStopped(reason)

    def sleep(self, seconds: float) -> None:
        """Sleeps, but no longer than the attempt may go on.

        :raises TaskStopped: as soon as the attempt should stop.
        """
        end = time.monotonic() + seconds
        while True:
            self.check()
            until = end if self._deadline is None else min(end, self._deadline)
            rest = until - time.monotonic()
            if rest <= 0 and until == end:
                return
            self._stopped.wait(max(rest, 0.001))

    def progress(self, percent: float, message: Optional[str] = None) -> None:
        """Says how far the task has come, 0 to 100. Returns at once; of many reports the newest is sent."""
        self._worker._report(self, min(max(float(percent), 0.0), 100.0), message)

    def stop(self, reason: str) -> None:
        if self._reason is None:
            self._reason = reason
            self._stopped.set()


# The worker


class _BackOff:
    """Waits longer from one failure to the next: up to half a minute, half of it random."""

    def __init__(self) -> None:
        self._failures = 0

    def reset(self) -> None:
        self._failures = 0

    def next(self, error: Optional[BaseException] = None) -> float:
        self._failures += 1
        wait = min(0.1 * 2.0 ** min(self._failures - 1, 10), 30.0) * random.uniform(0.5, 1)
        asked = getattr(error, "retry_after", None)
        return max(wait, asked) if asked is not None else wait


class Worker:
    """Takes tasks from a server and runs their handlers in threads."""

    #: The longest a request for tasks waits at the server.
    WAIT = 30.0
    #: The shortest time between two batches of progress.
    PROGRESS_INTERVAL = 0.1

    def __init__(
        self, url: Optional[str] = None, *, name: Optional[str] = None, token: Optional[str] = None,
        concurrency: int = 4, grace_period: float = 30.0, stop_period: float = 5.0, version: str = "",
        client: Optional[Client] = None,
    ) -> None:
        """
        :param name: What is shown as the ``worker_id`` of tasks; must differ between workers. The default is
            made of the host, the process and a random part.
        :param concurrency: The most handlers that run at once, each in a thread of its own.
        :param grace_period: How many seconds running handlers have to finish after a signal.
        :param stop_period: How many more they have after they were asked to stop, before their tasks are
            given back without them.
        :param version: The version of your program, for people to see.
        """
        if concurrency < 1:
            raise ValueError("concurrency must be 1 or more")
        self.client = client or Client(url, token=token)
        host = re.sub(r"[^A-Za-z0-9._:-]", "-", socket.gethostname())
        self.name = name or f"{host[:80]}-{os.getpid()}-{random.getrandbits(24):06x}"
        self.concurrency = concurrency
        self._grace_period = grace_period
        self._stop_period = stop_period
        self._presence = {"host": socket.gethostname(), "pid": os.getpid(), "version": version}
        self._handlers: Dict[str, Handler] = {}
        # Guards everything below, and wakes whoever waits for a change of it.
        self._changed = threading.Condition()
        self._running: Dict[str, Task] = {}
        self._progress: Dict[str, Tuple[float, Optional[str]]] = {}
        self._heartbeat_interval = 10.0
        self._poll: Optional[http.client.HTTPConnection] = None
        self._is_stopping = False
        self._is_over = False
        self._error: Optional[BaseException] = None

    # Handlers

    def task(self, type: str) -> Callable[[H], H]:
        """Has the decorated function run the tasks of ``type``; what it returns becomes the task's result."""

        def add(handler: H) -> H:
            self.add(type, handler)
            return handler

        return add

    def add(self, type: str, handler: Handler) -> None:
        if type in self._handlers:
            raise ValueError(f"there is a handler of {type!r} already")
        self._handlers[type] = handler

    # Life

    def run(self, *, signals: bool = True) -> None:
        """Works until :meth:`stop` is called or, with ``signals``, until SIGTERM or SIGINT.

        Then it takes no more tasks, lets those that run finish, and gives back what does not. A second signal
        ends the process at once.

        :raises XQueueError: if the server refuses the worker's requests for good, such as for a wrong token.
        """
        if not self._handlers:
            raise ValueError("there are no handlers: decorate functions with @worker.task(type)")
        previous = self._take_signals() if signals else {}
        keeper = threading.Thread(target=self._keep, name="xqueue-keeper", daemon=True)
        keeper.start()
        # Polling in a thread of its own leaves the main thread free to be told of signals.
        poller = threading.Thread(target=self._poll_until_stopped, name="xqueue-poller", daemon=True)
        poller.start()
        log.info("worker %s takes tasks of %s", self.name, ", ".join(sorted(self._handlers)))
        try:
            self._wait(lambda: self._is_stopping, None)
            self._drain()
        finally:
            with self._changed:
                self._is_stopping = self._is_over = True
                self._changed.notify_all()
            keeper.join(timeout=self.client._timeout)
            for number, handler in previous.items():
                signal.signal(number, handler)
        poller.join(timeout=self._stop_period)
        self._take_leave()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Has :meth:`run` finish and return. May be called from any thread, and more than once."""
        self._is_stopping = True
        poll = self._poll
        if poll is not None:
            self.client.interrupt(poll)
        # Not from within a signal handler: the thread it interrupts may have the lock.
        threading.Thread(target=self._wake, daemon=True).start()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _take_signals(self) -> Dict[int, Any]:
        previous: Dict[int, Any] = {}

        def handle(number: int, frame: Any) -> None:
            for each, handler in previous.items():
                signal.signal(each, signal.SIG_DFL if handler is None else handler)
            previous.clear()
            self.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            previous[number] = signal.signal(number, handle)
        return previous

    def _wait(self, condition: Callable[[], bool], timeout: Optional[float]) -> bool:
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not condition():
                rest = None if deadline is None else deadline - time.monotonic()
                if rest is not None and rest <= 0:
                    return False
                # A wait without an end would keep Python from running signal handlers on some systems.
                self._changed.wait(1.0 if rest is None else min(rest, 1.0))
            return True

    def _drain(self) -> None:
        if self._wait(lambda: not self._running, self._grace_period):
            return
        with self._changed:
            running = list(self._running.values())
        log.warning("%d tasks still run: they are asked to stop", len(running))
        for task in running:
            task.stop("shutdown")
        if self._wait(lambda: not self._running, self._stop_period):
            return
        with self._changed:
            leases = list(self._running)
            self._running.clear()
        log.warning("%d tasks did not stop: they are given back without their handlers", len(leases))
        self._once("POST", "/api/v1/leases/release", {"leases": [{"lease": lease} for lease in leases]})

    def _take_leave(self) -> None:
        self._once("DELETE", f"/api/v1/workers/{quote(self.name, safe='')}")
        self.client.close()

    def _once(self, method: str, path: str, body: Any = None) -> None:
        """Tries something that the server would find out by itself, only later."""
        try:
            self.client.call(method, path, body, timeout=5.0)
        except (XQueueError, Unreachable) as error:
            log.debug("%s", error)

    # Taking tasks

    def _poll_until_stopped(self) -> None:
        back_off = _BackOff()
        while not self._is_stopping:
            self._wait(lambda: self._is_stopping or len(self._running) < self.concurrency, None)
            if self._is_stopping:
                break
            try:
                self._take()
                back_off.reset()
            except (XQueueError, Unreachable) as error:
                if self._is_stopping:
                    break
                if isinstance(error, XQueueError) and not error.is_temporary:
                    log.error("the server refuses this worker: %s", error)
                    self._error = error
                    self.stop()
                    break
                wait = back_off.next(error)
                log.warning("no tasks can be taken; trying again in %.1f s: %s", wait, error)
                self._wait(lambda: self._is_stopping, wait)
        self._poll = None
        self.client.close()

    def _take(self) -> None:
        with self._changed:
            running = len(self._running)
        # The connection is made by the first call; before, there is nothing to interrupt.
        self._poll = self.client._connection(self.WAIT + 15.0)
        answer = self.client.call(
            "POST", "/api/v1/leases",
            {
                **self._words(running), "max_tasks": min(self.concurrency - running, 1000),
                "wait": 0 if self._is_stopping else self.WAIT,
            },
            timeout=self.WAIT + 15.0)
        with self._changed:
            self._heartbeat_interval = float(answer.get("heartbeat_interval", self._heartbeat_interval))
            self._changed.notify_all()
        for lease in answer.get("leases", []):
            self._start(lease)

    def _words(self, running: int) -> Dict[str, Any]:
        """What the worker says about itself."""
        return {
            "worker": self.name, "types": sorted(self._handlers), "capacity": self.concurrency,
            "running": running, **self._presence,
        }

    def _start(self, lease: Dict[str, Any]) -> None:
        record = lease["task"]
        limit = record.get("process_timeout") or None
        task = Task(self, lease["lease"], record, limit)
        with self._changed:
            self._running[task.lease] = task
            self._changed.notify_all()
        threading.Thread(target=self._perform, args=(task,), name=f"xqueue-{task.type}", daemon=True).start()

    # Running tasks

    def _perform(self, task: Task) -> None:
        try:
            verb, body = self._outcome(task)
            with self._changed:
                is_ours = task.lease in self._running
                progress = self._progress.pop(task.lease, None)
            if is_ours and task.stop_reason != "lost":
                self._end(task, verb, body, progress)
        except BaseException:
            log.exception("the end of task %s could not be told", task.id)
        finally:
            self.client.close()
            with self._changed:
                self._running.pop(task.lease, None)
                self._progress.pop(task.lease, None)
                self._changed.notify_all()

    def _outcome(self, task: Task) -> Tuple[str, Dict[str, Any]]:
        """Runs the handler, and says what its end means."""
        try:
            result = self._handlers[task.type](task)
        except TaskFailed as failure:
            body: Dict[str, Any] = {"error": str(failure), "permanent": failure.permanent}
            if failure.retry_after is not None:
                body["retry_after"] = failure.retry_after
            return "fail", body
        except Snooze as snooze:
            return "release", {"delay": snooze.delay}
        except BaseException as error:
            if task.stop_reason == "shutdown":
                return "release", {}
            if not isinstance(error, TaskStopped):
                log.info("task %s failed", task.id, exc_info=error)
            return "fail", {"error": f"{type(error).__name__}: {error}"}
        try:
            json.dumps(result, allow_nan=False)
        except (TypeError, ValueError) as error:
            return "fail", {"error": f"the result is not JSON: {error}", "permanent": True}
        return "complete", {"result": result}

    def _end(
        self, task: Task, verb: str, body: Dict[str, Any], progress: Optional[Tuple[float, Optional[str]]]
    ) -> None:
        """Tells the server, until it has answered, how the attempt ended."""
        back_off = _BackOff()
        while True:
            try:
                if progress is not None:
                    self._send_progress({task.lease: progress})
                    progress = None
                self.client.call("POST", f"/api/v1/leases/{task.lease}/{verb}", body)
                return
            except (XQueueError, Unreachable) as error:
                if isinstance(error, XQueueError) and not error.is_temporary:
                    if error.code == "lease_lost":
                        log.warning("task %s had been taken from this worker before it ended", task.id)
                        return
                    if verb == "fail":
                        log.error("the end of task %s was refused: %s", task.id, error)
                        return
                    # Such as a result that is too large: no attempt could do better.
                    verb, body = "fail", {"error": str(error), "permanent": True}
                    continue
                wait = back_off.next(error)
                log.warning("the end of task %s is told again in %.1f s: %s", task.id, wait, error)
                if self._wait(lambda: self._is_over or task.lease not in self._running, wait):
                    return

    def _report(self, task: Task, percent: float, message: Optional[str]) -> None:
        with self._changed:
            if task.lease in self._running:
                self._progress[task.lease] = (percent, message)
                self._changed.notify_all()

    # Keeping leases

    def _keep(self) -> None:
        """Extends leases at each heartbeat, and sends progress in between."""
        beat = time.monotonic()
        while True:
            interval = self._heartbeat_interval
            due = beat + interval
            self._wait(
                lambda: self._is_over or bool(self._progress) or self._heartbeat_interval != interval,
                max(due - time.monotonic(), 0))
            if self._is_over:
                break
            if self._heartbeat_interval != interval:
                continue
            with self._changed:
                progress, self._progress = self._progress, {}
            try:
                if progress:
                    self._send_progress(progress)
                if time.monotonic() >= due:
                    beat = time.monotonic()
                    self._extend()
            except (XQueueError, Unreachable) as error:
                # The next heartbeat tries again; a lease lasts longer than one.
                log.warning("leases were not extended: %s", error)
            self._wait(lambda: self._is_over, self.PROGRESS_INTERVAL)
        self.client.close()

    def _extend(self) -> None:
        with self._changed:
            leases = list(self._running)
        for start in range(0, max(len(leases), 1), 1000):
            batch = [{"lease": lease} for lease in leases[start:start + 1000]]
            self._obey(self.client.call("PUT", "/api/v1/leases", {**self._words(len(leases)), "leases": batch}))

    def _send_progress(self, progress: Dict[str, Tuple[float, Optional[str]]]) -> None:
        reports = [
            {"lease": lease, "progress": percent, "message": message}
            for lease, (percent, message) in progress.items()
        ]
        for start in range(0, len(reports), 1000):
            self._obey(
                self.client.call("POST", "/api/v1/leases/progress", {"leases": reports[start:start + 1000]}))

    def _obey(self, answer: Dict[str, Any]) -> None:
        for standing in answer.get("leases", []):
            if not standing.get("stop"):
                continue
            with self._changed:
                task = self._running.get(standing["lease"])
            if task is not None:
                task.stop(str(standing.get("reason")))
