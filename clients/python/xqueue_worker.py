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

import asyncio
import datetime
import http.client
import inspect
import json
import logging
import math
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

# How much of a text the server keeps, in bytes of UTF-8, and the longest time it knows: ten years.
_ERROR_BYTES = 4096
_MESSAGE_BYTES = 512
_LABEL_BYTES = 128
_LONGEST = 315_360_000.0

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


# What handlers say


def _text(value: Any, limit: int) -> str:
    """Whatever it is, as text that can be sent: no exception, no bytes that are not UTF-8, no more than ``limit``
    bytes. What people read is no reason to lose a task."""
    try:
        if isinstance(value, (bytes, bytearray, memoryview)):
            text = bytes(value[:4 * limit]).decode("utf-8", "replace")
        elif isinstance(value, str):
            text = str.__str__(value)
        else:
            text = str(value)
    except BaseException as error:
        text = f"<{type(value).__name__}, whose str() raises {type(error).__name__}>"
    # More characters than this can never be kept.
    data = text[:limit].encode("utf-8", "surrogateescape" if _is_escaped(text[:limit]) else "replace")
    return data[:limit].decode("utf-8", "ignore" if len(data) > limit else "replace")


def _is_escaped(text: str) -> bool:
    """True if all that is no Unicode in it are bytes of a name that Python could not decode."""
    return all(not "\ud800" <= character <= "\udfff" or "\udc80" <= character <= "\udcff" for character in text)


def _describe(error: BaseException) -> str:
    """``ValueError: no luck``, whatever the exception does when it is asked."""
    return _text(f"{type(error).__name__}: {_text(error, _ERROR_BYTES)}", _ERROR_BYTES)


def _seconds(value: Any, what: str) -> Optional[float]:
    """A wait that the server accepts; None, and a line in the log, for what is no such thing."""
    try:
        seconds = value.total_seconds() if isinstance(value, datetime.timedelta) else float(value)
        if math.isnan(seconds):
            raise ValueError("not a number")
    except Exception as error:
        log.warning("%s is no number of seconds and is ignored: %s", what, _describe(error))
        return None
    return min(max(seconds, 0.0), _LONGEST)


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

        With Kafka before a store that is away, a task with a unique key has ``provisional`` set: if an
        unfinished task turns out to have the key, that one answers, and there is none with this ``id``.

        :param options: Any other field of a submission, such as ``priority``, ``max_retry``,
            ``process_timeout``, ``delay``, ``unique_key``, ``concurrency_key`` or ``metadata``.
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
        return self._send(method, path, data, timeout)

    def _send(self, method: str, path: str, data: Optional[bytes], timeout: Optional[float]) -> Dict[str, Any]:
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
        #: The JSON object that the submitter gave the task on its way; None if there is none.
        self.metadata: Optional[Dict[str, Any]] = record.get("metadata")
        self._stopped = threading.Event()
        self._reason: Optional[str] = None
        # Guards the two below, and so that a callback is called once.
        self._lock = threading.Lock()
        self._callback: Optional[Callable[[], None]] = None
        self._deadline = None if time_left is None else time.monotonic() + time_left
        # Until when the lease is surely this worker's; None if nobody watches over it.
        self._safe_until: Optional[float] = None
        # Whether the server was asked once more, since this process has slept through that time.
        self._had_chance = False

    @property
    def stop_reason(self) -> Optional[str]:
        """Why the attempt should stop: ``canceled``, ``timeout``, ``lost``, ``lease_lost`` or ``shutdown``; None
        while it may go on.

        ``lost`` is said by the server: somebody else has the task. ``lease_lost`` is said by the worker, which could
        not tell the server for too long that the task goes on: somebody else will soon have it.
        """
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

    def progress(self, percent: Any, message: Any = None) -> None:
        """Says how far the task has come, 0 to 100. Returns at once; of many reports the newest is sent.

        It never raises: what is no number is ignored, with a line in the log, and a message may be anything.
        """
        try:
            number = float(percent)
        except Exception:
            number = math.nan
        if math.isnan(number):
            log.warning("progress of task %s is ignored: %s is no number", self.id, type(percent).__name__)
            return
        self._worker._report(
            self, min(max(number, 0.0), 100.0), None if message is None else _text(message, _MESSAGE_BYTES))

    def stop(self, reason: str) -> None:
        with self._lock:
            if self._reason is not None:
                return
            self._reason = reason
            callback = self._callback
        self._stopped.set()
        if callback is not None:
            callback()

    def _on_stop(self, callback: Optional[Callable[[], None]]) -> None:
        """Has ``callback`` called when the attempt should stop, at once if it should already."""
        with self._lock:
            self._callback = callback
            is_stopped = self._reason is not None
        if is_stopped and callback is not None:
            callback()


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
        client: Optional[Client] = None, stop_on_lost_lease: bool = True,
    ) -> None:
        """
        :param name: What is shown as the ``worker_id`` of tasks; must differ between workers. The default is
            made of the host, the process and a random part.
        :param concurrency: The most handlers that run at once, each in a thread of its own.
        :param grace_period: How many seconds running handlers have to finish after a signal.
        :param stop_period: How many more they have after they were asked to stop, before their tasks are
            given back without them.
        :param version: The version of your program, for people to see.
        :param stop_on_lost_lease: Whether running handlers are asked to stop, with the reason ``lease_lost``, shortly
            before their leases end, if the server could not be reached for so long. Without, a task may run here
            and somewhere else at the same time then.
        """
        if concurrency < 1:
            raise ValueError("concurrency must be 1 or more")
        self.client = client or Client(url, token=token)
        host = re.sub(r"[^A-Za-z0-9._:-]", "-", socket.gethostname())
        self.name = name or f"{host[:80]}-{os.getpid()}-{random.getrandbits(24):06x}"
        self.concurrency = concurrency
        self._grace_period = grace_period
        self._stop_period = stop_period
        self._presence = {
            "host": _text(socket.gethostname(), _LABEL_BYTES), "pid": os.getpid(),
            "version": _text(version, _LABEL_BYTES),
        }
        self._handlers: Dict[str, Handler] = {}
        # Guards everything below, and wakes whoever waits for a change of it.
        self._changed = threading.Condition()
        self._running: Dict[str, Task] = {}
        self._progress: Dict[str, Tuple[float, Optional[str]]] = {}
        self._heartbeat_interval = 10.0
        self._stops_on_lost_lease = stop_on_lost_lease
        # How often a task has been started, so that whoever watches over leases looks again.
        self._starts = 0
        self._is_beat_wanted = False
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
        if self._stops_on_lost_lease:
            threading.Thread(target=self._watch, name="xqueue-watch", daemon=True).start()
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
            except Exception:
                # Nothing that this loop does should end here. If it does, the worker goes on.
                wait = back_off.next()
                log.exception("no tasks can be taken; trying again in %.1f s", wait)
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
        safe_until = self._safe_until(answer, time.monotonic())
        for lease in answer.get("leases", []):
            try:
                self._start(lease, safe_until)
            except Exception as error:
                # No thread can be started, for example: somebody else may have the task.
                log.error("a task cannot be started and is given back: %s", _describe(error))
                with self._changed:
                    self._running.pop(str(lease.get("lease")), None)
                self._once("POST", f"/api/v1/leases/{lease.get('lease')}/release", {"delay": 1})

    def _words(self, running: int) -> Dict[str, Any]:
        """What the worker says about itself."""
        return {
            "worker": self.name, "types": sorted(self._handlers), "capacity": self.concurrency,
            "running": running, **self._presence,
        }

    def _start(self, lease: Dict[str, Any], safe_until: Optional[float]) -> None:
        record = lease["task"]
        limit = record.get("process_timeout") or None
        task = Task(self, lease["lease"], record, limit)
        task._safe_until = safe_until
        with self._changed:
            self._running[task.lease] = task
            self._starts += 1
            self._changed.notify_all()
        threading.Thread(target=self._perform, args=(task,), name=f"xqueue-{task.type}", daemon=True).start()

    # Running tasks

    def _perform(self, task: Task) -> None:
        try:
            try:
                verb, body = self._outcome(task)
            except BaseException as error:
                # Such as an exception of the handler's that does not let itself be looked at.
                verb, body = "fail", json.dumps({"error": _describe(error)}).encode()
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

    def _outcome(self, task: Task) -> Tuple[str, bytes]:
        """Runs the handler, and says what its end means: the call to make, and its body.

        Whatever the handler returns or raises has a body that the server takes.
        """
        try:
            result = self._handlers[task.type](task)
            if inspect.isawaitable(result):
                result = self._await(task, result)
        except TaskFailed as failure:
            body: Dict[str, Any] = {
                "error": _text(failure, _ERROR_BYTES), "permanent": bool(getattr(failure, "permanent", False)),
            }
            retry_after = getattr(failure, "retry_after", None)
            if retry_after is not None:
                retry_after = _seconds(retry_after, f"retry_after of task {task.id}")
            if retry_after is not None:
                body["retry_after"] = retry_after
            return "fail", json.dumps(body).encode()
        except Snooze as snooze:
            delay = _seconds(snooze.delay, f"the delay of task {task.id}") or 0.0
            return "release", json.dumps({"delay": delay}).encode()
        except BaseException as error:
            if task.stop_reason in ("shutdown", "lease_lost"):
                return "release", b"{}"
            if not isinstance(error, TaskStopped):
                log.info("task %s failed", task.id, exc_info=error)
            return "fail", json.dumps({"error": _describe(error)}).encode()
        try:
            # Made here once, while nobody else changes it any more.
            return "complete", json.dumps({"result": result}, allow_nan=False).encode()
        except Exception as error:
            reason = f"the result is not JSON: {_text(error, _ERROR_BYTES)}"
            return "fail", json.dumps({"error": reason, "permanent": True}).encode()

    def _await(self, task: Task, result: Any) -> Any:
        """Runs what an ``async def`` handler has returned, in an event loop of this thread. When the attempt should
        stop, it is canceled."""

        async def main() -> Any:
            loop = asyncio.get_running_loop()
            work = asyncio.ensure_future(result)
            timer: Optional[asyncio.TimerHandle] = None
            if task._deadline is not None:
                timer = loop.call_later(max(task._deadline - time.monotonic(), 0), lambda: task.stop("timeout"))

            def cancel() -> None:
                try:
                    loop.call_soon_threadsafe(work.cancel)
                except RuntimeError:
                    pass  # The handler has ended, and its loop with it.

            task._on_stop(cancel)
            try:
                return await work
            except asyncio.CancelledError:
                task.check()
                raise
            finally:
                task._on_stop(None)
                if timer is not None:
                    timer.cancel()

        return asyncio.run(main())

    def _end(
        self, task: Task, verb: str, body: bytes, progress: Optional[Tuple[float, Optional[str]]]
    ) -> None:
        """Tells the server, until it has answered, how the attempt ended."""
        back_off = _BackOff()
        # What is told instead if the server refuses it: such as for a result that is too large, which no further
        # attempt could make smaller.
        others = [b"{}"]
        while True:
            if progress is not None:
                self._try_progress({task.lease: progress})
                progress = None
            try:
                self.client._send("POST", f"/api/v1/leases/{task.lease}/{verb}", body, None)
                return
            except XQueueError as error:
                if error.code == "lease_lost":
                    log.warning("task %s had been taken from this worker before it ended", task.id)
                    return
                # A token that is not good now may be so again while the lease lasts.
                if not error.is_temporary and error.status not in (401, 403):
                    if verb != "fail":
                        reason = _text(error, _ERROR_BYTES)
                        body = json.dumps({"error": reason, "permanent": verb == "complete"}).encode()
                        verb = "fail"
                    elif others:
                        log.error("the failure of task %s is told without details: %s", task.id, error)
                        body = others.pop()
                    else:
                        log.error("the end of task %s was refused: %s", task.id, error)
                        return
                    continue
                wait = back_off.next(error)
                log.warning("the end of task %s is told again in %.1f s: %s", task.id, wait, error)
            except Exception as error:
                wait = back_off.next(error)
                log.warning("the end of task %s is told again in %.1f s: %s", task.id, wait, _describe(error))
            if self._wait(lambda: self._is_over or task.lease not in self._running, wait):
                return

    def _report(self, task: Task, percent: float, message: Optional[str]) -> None:
        with self._changed:
            if task.lease in self._running:
                self._progress[task.lease] = (percent, message)
                self._changed.notify_all()

    # Keeping leases

    def _keep(self) -> None:
        """Extends leases at each heartbeat, and sends progress in between.

        Every task of the worker depends on this thread, so nothing that one of them says may end it.
        """
        beat = time.monotonic()
        while True:
            interval = self._heartbeat_interval
            due = beat + interval
            self._wait(
                lambda: self._is_over or bool(self._progress) or self._is_beat_wanted
                or self._heartbeat_interval != interval,
                max(due - time.monotonic(), 0))
            if self._is_over:
                break
            if self._heartbeat_interval != interval:
                continue
            if self._is_beat_wanted or time.monotonic() >= due:
                self._is_beat_wanted = False
                beat = time.monotonic()
                self._try_to_extend()
            with self._changed:
                progress, self._progress = self._progress, {}
            self._try_progress(progress)
            self._wait(lambda: self._is_over, self.PROGRESS_INTERVAL)
        self.client.close()

    def _try_to_extend(self) -> None:
        try:
            self._extend()
        except (XQueueError, Unreachable) as error:
            # The next heartbeat tries again; a lease lasts longer than one.
            log.warning("leases were not extended: %s", error)
        except Exception:
            log.exception("leases were not extended")

    def _extend(self) -> None:
        with self._changed:
            leases = list(self._running)
        for start in range(0, max(len(leases), 1), 1000):
            batch = [{"lease": lease} for lease in leases[start:start + 1000]]
            asked_at = time.monotonic()
            answer = self.client.call(
                "PUT", "/api/v1/leases", {**self._words(len(leases)), "leases": batch}, timeout=self._patience(3))
            self._extended(answer, asked_at)
            self._obey(answer)

    def _extended(self, answer: Dict[str, Any], asked_at: float) -> None:
        """Notes for how long the leases are this worker's now: counted from before the server was asked."""
        with self._changed:
            for standing in answer.get("leases", []):
                task = self._running.get(standing["lease"])
                if task is not None and not standing.get("stop"):
                    task._safe_until = self._safe_until(standing, asked_at)
                    task._had_chance = False

    # Losing leases

    def _safe_until(self, answer: Mapping[str, Any], since: float) -> Optional[float]:
        """When handlers are to be told that a lease ends which began at ``since``: a tenth of it earlier, or as long
        as they have to stop."""
        duration = answer.get("lease_duration")
        if not isinstance(duration, (int, float)) or not self._stops_on_lost_lease:
            return None
        return since + duration - min(duration / 10, self._stop_period)

    def _watch(self) -> None:
        """Asks handlers to stop whose leases end because the server could not be told that they go on. Calls to the
        server may hang for long, so this is a thread of its own that makes none."""
        while not self._is_over:
            now = time.monotonic()
            with self._changed:
                starts = self._starts
                watched = [
                    (task, task._safe_until) for task in self._running.values()
                    if task._safe_until is not None and task._reason is None]
                overdue = [task for task, until in watched if until <= now and not self._asks_again(task, until, now)]
                self._changed.notify_all()
            for task in overdue:
                log.warning("the lease of task %s could not be extended: its handler is asked to stop", task.id)
                task.stop("lease_lost")
            rest = [until - now for _, until in watched if until > now]
            self._wait(lambda: self._is_over or self._starts != starts, min(rest, default=1.0))

    def _asks_again(self, task: Task, until: float, now: float) -> bool:
        """Whether the server is asked once more: this process stood still when the time came, and maybe nobody has
        missed it."""
        if task._had_chance or now - until < 0.5:
            return False
        task._had_chance = True
        task._safe_until = now + 2.0
        self._is_beat_wanted = True
        return True

    def _patience(self, beats: float) -> float:
        """How long a call may take on which the next heartbeat waits: so many of their intervals."""
        return min(max(beats * self._heartbeat_interval, 2.0), self.client._timeout)

    def _try_progress(self, progress: Dict[str, Tuple[float, Optional[str]]]) -> None:
        """Sends reports; those that cannot be sent are forgotten, and keep no other from being sent."""
        reports = [
            {"lease": lease, "progress": percent, "message": message}
            for lease, (percent, message) in progress.items()
        ]
        for start in range(0, len(reports), 1000):
            self._try_reports(reports[start:start + 1000])

    def _try_reports(self, reports: List[Dict[str, Any]]) -> None:
        try:
            asked_at = time.monotonic()
            answer = self.client.call(
                "POST", "/api/v1/leases/progress", {"leases": reports}, timeout=self._patience(1))
            self._extended(answer, asked_at)
            self._obey(answer)
        except XQueueError as error:
            if not error.is_temporary and len(reports) > 1:
                # One that the server does not take has the whole call refused.
                middle = len(reports) // 2
                self._try_reports(reports[:middle])
                self._try_reports(reports[middle:])
            else:
                log.warning("progress was not sent: %s", error)
        except Unreachable as error:
            log.warning("progress was not sent: %s", error)
        except Exception:
            log.exception("progress was not sent")

    def _obey(self, answer: Dict[str, Any]) -> None:
        for standing in answer.get("leases", []):
            if not standing.get("stop"):
                continue
            with self._changed:
                task = self._running.get(standing["lease"])
            if task is not None:
                task.stop(str(standing.get("reason")))
