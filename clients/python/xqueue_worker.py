"""A worker and a client for XQueue that need only Python's standard library.

    from xqueue_worker import Worker, Task

    worker = Worker("http://127.0.0.1:8080", concurrency=8)

    @worker.task("mail")
    def mail(task: Task) -> dict:
        send(task.payload["to"])
        return {"sent": True}

    worker.run()

Copy the file into a project, or import it from here. Requires Python 3.9 or newer.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
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
from typing import Any, Callable, Deque, Dict, Iterator, List, Mapping, Optional, Set, Tuple, TypeVar, Union
from urllib.parse import quote, urlencode, urlsplit

__all__ = [
    "Client", "Task", "Worker", "XQueueError", "Unreachable", "TaskFailed", "TaskStopped", "Snooze",
]

log = logging.getLogger("xqueue")

# The server's limits: bytes of UTF-8 kept of a text, and the maximum duration in seconds (ten years).
_ERROR_BYTES = 4096
_MESSAGE_BYTES = 512
_LABEL_BYTES = 128
_LONGEST = 315_360_000.0

# How results are encoded. A new encoder for each would take longer than most results do.
_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode

Handler = Callable[["Task"], Any]
Time = Union[datetime.datetime, str]
H = TypeVar("H", bound=Handler)


# Errors


class XQueueError(Exception):
    """An error reply from the server."""

    def __init__(
        self, status: int, code: str, message: str, field: Optional[str] = None,
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        #: Seconds to wait before retrying, if the server says so.
        self.retry_after = retry_after

    @property
    def is_temporary(self) -> bool:
        return self.status >= 500 or self.status in (408, 429)


class Unreachable(Exception):
    """The server is unreachable or did not reply in time. The request may or may not have taken effect."""


class TaskFailed(Exception):
    """Raised by a handler to control the delay before a retry, or to prevent retries."""

    def __init__(
        self, message: str, *, retry_after: Optional[float] = None, permanent: bool = False
    ) -> None:
        super().__init__(message)
        #: Seconds until the next attempt, instead of the delay of the task's retry policy.
        self.retry_after = retry_after
        #: Whether to fail the task immediately, without retries.
        self.permanent = permanent


class Snooze(Exception):
    """Raised by a handler to run the task again later, without using up a retry."""

    def __init__(self, delay: float = 0) -> None:
        super().__init__(f"snoozed for {delay} s")
        self.delay = delay


class TaskStopped(Exception):
    """Raised by :meth:`Task.check` when the attempt should stop."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the task was stopped: {reason}")
        self.reason = reason


# Texts and delays from handlers


def _text(value: Any, limit: int) -> str:
    """Converts any value to valid UTF-8 of at most ``limit`` bytes. Never raises: a message must not lose a task."""
    try:
        if isinstance(value, (bytes, bytearray, memoryview)):
            text = bytes(value[:4 * limit]).decode("utf-8", "replace")
        elif isinstance(value, str):
            text = str.__str__(value)
        else:
            text = str(value)
    except BaseException as error:
        text = f"<{type(value).__name__}, whose str() raises {type(error).__name__}>"
    # A character takes at least one byte.
    data = text[:limit].encode("utf-8", "surrogateescape" if _is_escaped(text[:limit]) else "replace")
    return data[:limit].decode("utf-8", "ignore" if len(data) > limit else "replace")


def _is_escaped(text: str) -> bool:
    """Whether the only surrogates in the text are undecodable bytes that Python escaped."""
    return all(not "\ud800" <= character <= "\udfff" or "\udc80" <= character <= "\udcff" for character in text)


def _describe(error: BaseException) -> str:
    """Describes an exception, such as ``ValueError: no luck``. Never raises, whatever the exception's methods do."""
    return _text(f"{type(error).__name__}: {_text(error, _ERROR_BYTES)}", _ERROR_BYTES)


def _seconds(value: Any, what: str) -> Optional[float]:
    """Converts a delay to seconds that the server accepts. Returns None and logs a warning for anything else."""
    try:
        seconds = value.total_seconds() if isinstance(value, datetime.timedelta) else float(value)
        if math.isnan(seconds):
            raise ValueError("not a number")
    except Exception as error:
        log.warning("ignored %s, which is not a number of seconds: %s", what, _describe(error))
        return None
    return min(max(seconds, 0.0), _LONGEST)


def _field(value: Any) -> Any:
    """Converts a time or duration to the API's form; any other value stays.

    :raises ValueError: for a time without a time zone, which could mean any.
    """
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, datetime.datetime):
        if value.utcoffset() is None:
            raise ValueError(f"{value} has no time zone")
        return value.isoformat()
    return value


# The client


def _schedule_path(name: str, action: str = "") -> str:
    return f"/api/v1/schedules/{quote(name, safe='')}" + (f"/{action}" if action else "")


class Client:
    """A client of an XQueue server. Thread-safe: each thread has its own connection."""

    # The server may close a connection that has been idle longer just when it is reused.
    _MAX_IDLE = 10.0

    def __init__(
        self, url: Optional[str] = None, *, token: Optional[str] = None, timeout: float = 30.0,
        tls: Optional[ssl.SSLContext] = None,
    ) -> None:
        """
        :param url: Server URL; default: ``XQUEUE_URL``, else ``http://127.0.0.1:8080``.
        :param token: Access token; default: ``XQUEUE_TOKEN``.
        :param timeout: How many seconds the server may take to reply.
        :param tls: TLS context for ``https``; default: the system's trusted certificates.
        """
        text = url or os.environ.get("XQUEUE_URL") or "http://127.0.0.1:8080"
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{text!r} is not a server URL like http://127.0.0.1:8080")
        self._https = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port or (443 if self._https else 80)
        self._path = parts.path.rstrip("/")
        self._headers = {"Accept": "application/json"}
        token = token if token is not None else os.environ.get("XQUEUE_TOKEN")
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._timeout = timeout
        self._tls = tls or (ssl.create_default_context() if self._https else None)
        self._local = threading.local()

    def submit(self, type: str, payload: Any = None, **options: Any) -> Dict[str, Any]:
        """Submits a task and returns it as stored.

            client.submit("deploy", {"commit": "8c2f"}, unique={"key": "web", "on_conflict": "rerun"})

        If another task holds the unique key, that one is returned, with ``deduplicated`` set, or with ``replaced`` if it has
        taken over the submission.

        With Kafka in front of an unavailable store, a task with a unique key has ``provisional`` set: if another
        task turns out to hold the key, its rule is applied then, and there may be no task with the returned ``id``.

        :param options: Any other field of a submission, such as ``priority``, ``max_retry``,
            ``process_timeout``, ``delay``, ``unique_key``, ``concurrency_key`` or ``metadata``. ``unique`` is a dictionary:
            ``key`` and/or ``by``, a list of paths into the payload such as ``"customer.id"``; ``until`` (``started``,
            ``done`` or ``window``); ``window``, in seconds; ``across_types``; ``on_conflict`` (``return``, ``reject``,
            ``replace``, ``rerun``, or ``debounce`` with ``wait``, ``max_wait`` and ``keep``).
        :raises XQueueError: with the code ``not_unique`` if another task holds the unique key and ``on_conflict`` says so.
        """
        return self.call("POST", "/api/v1/tasks", {"type": type, "payload": payload, **options})

    def submit_all(self, tasks: List[Mapping[str, Any]]) -> List[Dict[str, Any]]:
        """Submits several tasks, all or none, and returns them in the same order.

        Only a task that is not unique is rejected alone: in its place is the one that holds the key, with ``rejected`` set
        to ``not_unique``.
        """
        answer = self.call("POST", "/api/v1/tasks/batch", {"tasks": [dict(task) for task in tasks]})
        return list(answer["tasks"])

    def get(self, id: str) -> Dict[str, Any]:
        return self.call("GET", f"/api/v1/tasks/{quote(id, safe='')}")

    def edit(self, id: str, *, version: Optional[int] = None, **fields: Any) -> Dict[str, Any]:
        """Edits a task that waits, and returns it. Fields that are not given stay as they are.

            client.edit(id, priority=9, run_at=None)

        :param version: The version it must have; otherwise ``XQueueError`` with the code ``version_conflict`` is raised.
        :param fields: Any field of a submission but ``type`` and ``id``. None means the default; ``run_at=None``, as
            soon as possible. The dictionaries ``payload``, ``metadata``, ``retry_policy`` and ``unique`` are merged into
            those of the task, in which None removes an entry. Times may be ``datetime`` objects with a time zone, durations
            ``timedelta`` objects.
        :raises XQueueError: with the code ``not_pending`` if the task runs or has ended.
        """
        patch = {field: _field(value) for field, value in fields.items()}
        return self.call("PATCH", f"/api/v1/tasks/{quote(id, safe='')}", patch, version=version)

    def cancel(self, id: str) -> Dict[str, Any]:
        return dict(self.call("DELETE", f"/api/v1/tasks/{quote(id, safe='')}")["task"])

    def wait(self, id: str, timeout: Optional[float] = None, interval: float = 0.5) -> Dict[str, Any]:
        """Waits for the task to end and returns it.

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

    def set_schedule(
        self, name: str, type: str, payload: Any = None, *, cron: Optional[str] = None,
        every: Union[float, datetime.timedelta, None] = None, task: Optional[Mapping[str, Any]] = None,
        version: Optional[int] = None, **options: Any,
    ) -> Dict[str, Any]:
        """Creates the schedule ``name``, or replaces it, and returns it.

            client.set_schedule("nightly", "report", {"pages": 3}, cron="30 2 * * *", time_zone="Europe/Berlin")

        It never catches up with ticks before this call; what it has counted stays.

        :param type: Type of the task that each tick submits.
        :param payload: Its payload.
        :param cron: When to fire, as an expression; or ``every``, a period in seconds.
        :param task: Other fields of the task, such as ``{"max_retry": 3}``.
        :param version: The version it must have, 0 if it must not exist; otherwise ``XQueueError`` with the code
            ``version_conflict`` is raised. Each change makes a new version, firing does not.
        :param options: Any other field of a schedule: ``offset``, ``time_zone``, ``dst``, ``overlap``, ``catch_up``,
            ``catch_up_window``, ``jitter``, ``starts_at``, ``ends_at``, ``max_runs`` or ``pause_after_failures``. Times
            may be ``datetime`` objects with a time zone, durations ``timedelta`` objects.
        """
        body: Dict[str, Any] = {"task": {**(task or {}), "type": type, "payload": payload}}
        fields = {"cron": cron, "every": every, **options}
        body.update((field, _field(value)) for field, value in fields.items() if value is not None)
        return self.call("PUT", _schedule_path(name), body, version=version)

    def get_schedule(self, name: str) -> Dict[str, Any]:
        """Returns the schedule with its next ticks, counts and last runs."""
        return self.call("GET", _schedule_path(name))

    def schedules(self) -> Iterator[Dict[str, Any]]:
        """Iterates over all schedules, in the order of their names."""
        query: Dict[str, Any] = {"limit": 1000}
        while True:
            page = self.call("GET", f"/api/v1/schedules?{urlencode(query)}")
            yield from page["schedules"]
            if not page["has_more"]:
                return
            query["after"] = page["next"]

    def pause_schedule(self, name: str, reason: str = "") -> Dict[str, Any]:
        """Pauses the schedule: it fires nothing until it is resumed. Returns it."""
        return self.call("POST", _schedule_path(name, "pause"), {"reason": reason})

    def resume_schedule(self, name: str) -> Dict[str, Any]:
        """Resumes the schedule, without catching up, and returns it."""
        return self.call("POST", _schedule_path(name, "resume"))

    def run_schedule(self, name: str) -> Dict[str, Any]:
        """Submits the schedule's task now, in addition to its ticks, and returns the task."""
        return self.call("POST", _schedule_path(name, "run"))

    def backfill_schedule(self, name: str, start: Time, end: Time, *, dry_run: bool = False) -> List[Dict[str, Any]]:
        """Submits the tasks of the ticks from ``start`` to before ``end``, at most 1,000 and none in the future.

        Returns the ticks: ``tick``, ``local``, ``task_id`` and ``new``. Ticks that already have a task are not ``new``,
        so repeating is harmless.

        :param dry_run: Whether to return the ticks only.
        """
        body = {"from": _field(start), "to": _field(end), "dry_run": dry_run}
        return list(self.call("POST", _schedule_path(name, "backfill"), body)["ticks"])

    def remove_schedule(self, name: str, *, version: Optional[int] = None) -> None:
        """Removes the schedule; its tasks stay.

        :param version: The version it must have.
        """
        self.call("DELETE", _schedule_path(name), version=version)

    def call(
        self, method: str, path: str, body: Any = None, *, timeout: Optional[float] = None,
        version: Optional[int] = None,
    ) -> Dict[str, Any]:
        """Sends a request and returns the JSON of the reply.

        :param version: For ``If-Match``.
        :raises XQueueError: if the server replies with an error.
        :raises Unreachable: if it does not reply.
        """
        data = None if body is None else json.dumps(body, allow_nan=False).encode()
        return self._send(method, path, data, timeout, version)

    def _send(
        self, method: str, path: str, data: Optional[bytes], timeout: Optional[float], version: Optional[int] = None
    ) -> Dict[str, Any]:
        headers = dict(self._headers)
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        if data is not None:
            headers["Content-Type"] = "application/json"
        connection = self._connection(timeout or self._timeout)
        try:
            connection.request(method, self._path + path, body=data, headers=headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            raise Unreachable(f"{method} {path}: {type(error).__name__}: {error}") from error
        except BaseException:
            # The rest of this reply must not be read as the next one.
            self._drop()
            raise
        self._local.used = time.monotonic()
        return self._read(response, content)

    def interrupt(self, connection: http.client.HTTPConnection) -> None:
        """Ends another thread's wait for a reply by shutting its connection down."""
        sock = connection.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR if self._https else socket.SHUT_WR)
            except OSError:
                pass

    def connection(self) -> Optional[http.client.HTTPConnection]:
        """Returns the calling thread's connection."""
        return getattr(self._local, "connection", None)

    def close(self) -> None:
        """Closes the calling thread's connection."""
        self._drop()

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        connection = self.connection()
        if connection is not None and time.monotonic() - self._local.used > self._MAX_IDLE:
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
    """An attempt of a task, as passed to its handler."""

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
        #: The task's metadata, a JSON object; None if there is none.
        self.metadata: Optional[Dict[str, Any]] = record.get("metadata")
        #: The tick of a schedule that submitted the task: ``schedule``, ``tick``, ``previous_tick`` (None for the first)
        #: and ``late``. None for other tasks.
        self.scheduled: Optional[Dict[str, Any]] = record.get("scheduled")
        # Set when the attempt should stop; made by the first sleep, since making one takes longer than many tasks.
        self._stopped: Optional[threading.Event] = None
        self._reason: Optional[str] = None
        # Guards all three, so that no stop is missed and the callback is called once.
        self._lock = threading.Lock()
        self._callback: Optional[Callable[[], None]] = None
        self._deadline = None if time_left is None else time.monotonic() + time_left
        # Until when this worker certainly holds the lease; None if unknown.
        self._safe_until: Optional[float] = None
        # Until when it may wait for a thread; None if one is free for it.
        self._wait_until: Optional[float] = None
        self._started_at = 0.0
        # Whether the server has been asked once more because this process was suspended at that time.
        self._had_chance = False

    @property
    def stop_reason(self) -> Optional[str]:
        """Why the attempt should stop: ``canceled``, ``timeout``, ``lost``, ``lease_lost`` or ``shutdown``; None
        while it may continue.

        ``lost`` comes from the server: the worker no longer has the task. ``lease_lost`` comes from the worker: it
        could not renew the lease for too long, so another worker may soon get the task.
        """
        if self._reason is None and self._deadline is not None and time.monotonic() >= self._deadline:
            self.stop("timeout")
        return self._reason

    @property
    def is_stopped(self) -> bool:
        return self.stop_reason is not None

    def check(self) -> None:
        """Raises if the attempt should stop. Long-running handlers should call it regularly.

        :raises TaskStopped: if the attempt should stop.
        """
        reason = self.stop_reason
        if reason is not None:
            raise TaskStopped(reason)

    def sleep(self, seconds: float) -> None:
        """Sleeps, but wakes when the attempt should stop.

        :raises TaskStopped: as soon as the attempt should stop.
        """
        end = time.monotonic() + seconds
        with self._lock:
            if self._stopped is None:
                self._stopped = threading.Event()
            stopped = self._stopped
        while True:
            self.check()
            until = end if self._deadline is None else min(end, self._deadline)
            rest = until - time.monotonic()
            if rest <= 0 and until == end:
                return
            stopped.wait(max(rest, 0.001))

    def progress(self, percent: Any, message: Any = None) -> None:
        """Reports progress, 0 to 100. Returns immediately; of frequent reports, only the latest is sent.

        Never raises: a percentage that is not a number is logged and ignored, and the message may be any value.
        """
        try:
            number = float(percent)
        except Exception:
            number = math.nan
        if math.isnan(number):
            log.warning("ignored progress of task %s: %s is not a number", self.id, type(percent).__name__)
            return
        self._worker._report(
            self, min(max(number, 0.0), 100.0), None if message is None else _text(message, _MESSAGE_BYTES))

    def stop(self, reason: str) -> None:
        with self._lock:
            if self._reason is not None:
                return
            self._reason = reason
            stopped, callback = self._stopped, self._callback
        if stopped is not None:
            stopped.set()
        if callback is not None:
            callback()

    def _on_stop(self, callback: Optional[Callable[[], None]]) -> None:
        """Calls ``callback`` when the attempt should stop, immediately if it already should."""
        with self._lock:
            self._callback = callback
            is_stopped = self._reason is not None
        if is_stopped and callback is not None:
            callback()


# The worker


class _BackOff:
    """Exponential back-off up to 30 s, half of it random."""

    def __init__(self) -> None:
        self._failures = 0

    def reset(self) -> None:
        self._failures = 0

    def next(self, error: Optional[BaseException] = None) -> float:
        self._failures += 1
        wait = min(0.1 * 2.0 ** min(self._failures - 1, 10), 30.0) * random.uniform(0.5, 1)
        asked = getattr(error, "retry_after", None)
        return max(wait, asked) if asked is not None else wait


class _End:
    """How an attempt ended, until the server has been told."""

    __slots__ = ("task", "verb", "fields", "progress", "back_off", "due")

    def __init__(self, task: Task, verb: str, fields: bytes = b"") -> None:
        self.task = task
        #: The API call: ``complete``, ``fail`` or ``release``.
        self.verb = verb
        #: The members of its body, as JSON without the braces.
        self.fields = fields
        self.progress: Optional[Tuple[float, Optional[str]]] = None
        self.back_off: Optional[_BackOff] = None
        self.due = 0.0

    @property
    def cost(self) -> int:
        """Bytes of memory, roughly: it also keeps the task."""
        return len(self.fields) + (16 << 10)

    def retry(self, error: BaseException) -> float:
        self.back_off = self.back_off or _BackOff()
        return self.back_off.next(error)

    def fail(self, error: Any, permanent: bool = False) -> None:
        self.verb = "fail"
        self.fields = _fields({"error": _text(error, _ERROR_BYTES), "permanent": permanent})


def _fields(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()[1:-1]


class Worker:
    """Claims tasks from a server and runs their handlers in threads."""

    #: Maximum time a request for tasks waits at the server, in seconds.
    WAIT = 30.0
    #: Minimum time between two batches of progress reports, in seconds.
    PROGRESS_INTERVAL = 0.1

    # Automatic prefetching, in seconds: how much work is fetched ahead, while tasks take less than ``_SHORT`` on average,
    # and how long a task may wait for a thread before it is left to other workers.
    _AHEAD = 0.2
    _SHORT = 0.1
    _MAX_WAIT = 1.0
    # Bytes of a batch of outcomes, far below the server's limit of 1 MiB; a single outcome may be larger.
    _BATCH_BYTES = 256 << 10
    # Bytes of outcomes to be reported; beyond it, threads wait.
    _BACKLOG_BYTES = 8 << 20

    def __init__(
        self, url: Optional[str] = None, *, name: Optional[str] = None, token: Optional[str] = None,
        concurrency: int = 4, grace_period: float = 30.0, stop_period: float = 5.0, version: str = "",
        client: Optional[Client] = None, stop_on_lost_lease: bool = True, prefetch: Optional[int] = None,
    ) -> None:
        """
        :param name: Name of the worker, shown as ``worker_id`` of tasks; must be unique. Default: host name, process ID
            and a random part.
        :param concurrency: Maximum number of handlers running simultaneously, each in its own thread.
        :param grace_period: Seconds that running handlers have to finish after a signal.
        :param stop_period: Further seconds to stop once asked, before their tasks are released without them.
        :param version: Version of your program, for display.
        :param stop_on_lost_lease: Whether to ask running handlers to stop, with the reason ``lease_lost``, shortly
            before their leases expire because the server is unreachable. If not, a task may run here and on another
            worker simultaneously.
        :param prefetch: How many tasks may wait in this worker for a thread, 0 to 1000, beside the ``concurrency`` that run.
            Meanwhile no other worker gets them. Default: as many as the threads finish in 0.2 s, at most ``32 * concurrency``,
            and none while tasks take longer than 0.1 s on average or no others are ready; a task that has waited for a
            second is released to other workers. In either case, so is one that has waited for a tenth of its process
            timeout, which has begun.
        """
        if concurrency < 1:
            raise ValueError("concurrency must be at least 1")
        if prefetch is not None and not 0 <= prefetch <= 1000:
            raise ValueError("prefetch must be 0 to 1000")
        self.client = client or Client(url, token=token)
        host = re.sub(r"[^A-Za-z0-9._:-]", "-", socket.gethostname())
        self.name = name or f"{host[:80]}-{os.getpid()}-{random.getrandbits(24):06x}"
        self.concurrency = concurrency
        self.prefetch = prefetch
        self._grace_period = grace_period
        self._stop_period = stop_period
        self._presence = {
            "host": _text(socket.gethostname(), _LABEL_BYTES), "pid": os.getpid(),
            "version": _text(version, _LABEL_BYTES),
        }
        self._handlers: Dict[str, Handler] = {}
        # Guards everything below. Each condition wakes the threads that wait for one thing, so that a task wakes no
        # others: a task to run, room to claim more, outcomes to report, or anything else.
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._freed = threading.Condition(self._lock)
        self._finished = threading.Condition(self._lock)
        self._changed = threading.Condition(self._lock)
        # The tasks whose leases are kept, by lease: each waits, runs, or has ended but the server has not been told.
        self._held: Dict[str, Task] = {}
        self._waiting: Deque[Task] = collections.deque()
        self._running: Dict[str, Task] = {}
        self._outbox: List[_End] = []
        self._backlog = 0
        self._threads = 0
        self._progress: Dict[str, Tuple[float, Optional[str]]] = {}
        # Whether more tasks were ready after the last claim, whether its reply was cut short, and how many leases a call
        # may have.
        self._has_more = False
        self._is_bulky = False
        self._most = 1000
        # The poller is woken when no more tasks than this wait.
        self._low = 0
        # Moving average of the seconds that handlers take, and when the last one returned.
        self._average = 0.0
        self._returned_at = -math.inf
        self._heartbeat_interval = 10.0
        self._stops_on_lost_lease = stop_on_lost_lease
        # When the watcher looks at leases again.
        self._look_at = 0.0
        self._is_beat_wanted = False
        self._is_polling = False
        self._poll: Optional[http.client.HTTPConnection] = None
        self._is_stopping = False
        self._has_ended = False
        self._error: Optional[BaseException] = None

    # Handlers

    def task(self, type: str) -> Callable[[H], H]:
        """Registers the decorated function as the handler of ``type``; its return value becomes the task's result."""

        def add(handler: H) -> H:
            self.add(type, handler)
            return handler

        return add

    def add(self, type: str, handler: Handler) -> None:
        if type in self._handlers:
            raise ValueError(f"{type!r} already has a handler")
        self._handlers[type] = handler

    # Lifecycle

    def run(self, *, signals: bool = True) -> None:
        """Runs tasks until :meth:`stop` is called or, with ``signals``, until SIGTERM or SIGINT.

        Then stops claiming tasks, releases those that wait, lets running ones finish, and releases those that do not. A
        second signal ends the process immediately.

        :raises XQueueError: if the server permanently rejects the worker's requests, such as for a wrong token.
        """
        if not self._handlers:
            raise ValueError("no handlers: decorate functions with @worker.task(type)")
        previous = self._handle_signals() if signals else {}
        keeper = threading.Thread(target=self._keep, name="xqueue-keeper", daemon=True)
        keeper.start()
        threading.Thread(target=self._watch, name="xqueue-watch", daemon=True).start()
        reporter = threading.Thread(target=self._report_ends, name="xqueue-reporter", daemon=True)
        reporter.start()
        # Poll in a separate thread, so that the main thread can handle signals.
        self._is_polling = True
        threading.Thread(target=self._poll_until_stopped, name="xqueue-poller", daemon=True).start()
        log.info("worker %s serves %s", self.name, ", ".join(sorted(self._handlers)))
        try:
            self._wait(lambda: self._is_stopping, None)
            self._drain()
        finally:
            with self._lock:
                self._is_stopping = self._has_ended = True
                self._notify_all()
            keeper.join(timeout=self.client._timeout)
            reporter.join(timeout=self._stop_period)
            for number, handler in previous.items():
                signal.signal(number, handler)
        self._deregister()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Makes :meth:`run` finish and return. May be called from any thread, and more than once."""
        self._is_stopping = True
        poll = self._poll
        if poll is not None:
            self.client.interrupt(poll)
        # Not directly, in case this is a signal handler: the interrupted thread may hold the lock.
        threading.Thread(target=self._wake, daemon=True).start()

    def _wake(self) -> None:
        with self._lock:
            while self._waiting:
                self._hand_over(_End(self._waiting.popleft(), "release"))
            self._notify_all()

    def _notify_all(self) -> None:
        for condition in (self._arrived, self._freed, self._finished, self._changed):
            condition.notify_all()

    def _handle_signals(self) -> Dict[int, Any]:
        previous: Dict[int, Any] = {}

        def handle(number: int, frame: Any) -> None:
            for each, handler in previous.items():
                signal.signal(each, signal.SIG_DFL if handler is None else handler)
            previous.clear()
            self.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            previous[number] = signal.signal(number, handle)
        return previous

    def _wait(
        self, condition: Callable[[], bool], timeout: Optional[float], changed: Optional[threading.Condition] = None
    ) -> bool:
        changed = changed or self._changed
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._lock:
            while not condition():
                rest = None if deadline is None else deadline - time.monotonic()
                if rest is not None and rest <= 0:
                    return False
                # On some systems, an unlimited wait keeps Python from running signal handlers.
                changed.wait(1.0 if rest is None else min(rest, 1.0))
            return True

    def _drain(self) -> None:
        # The tasks of a reply that is just arriving are released, too.
        self._wait(lambda: not self._is_polling, self._stop_period)
        if self._wait(lambda: not self._held, self._grace_period):
            return
        with self._lock:
            running = list(self._running.values())
        if running:
            log.warning("asking %d tasks to stop that are still running", len(running))
        for task in running:
            task.stop("shutdown")
        if self._wait(lambda: not self._held, self._stop_period):
            return
        with self._lock:
            leases = list(self._held)
            self._held.clear()
        log.warning("releasing %d tasks that did not stop, or whose outcome could not be reported", len(leases))
        for start in range(0, len(leases), self._most):
            batch = [{"lease": lease} for lease in leases[start:start + self._most]]
            self._once("POST", "/api/v1/leases/release", {"leases": batch})

    def _deregister(self) -> None:
        self._once("DELETE", f"/api/v1/workers/{quote(self.name, safe='')}")
        self.client.close()

    def _once(self, method: str, path: str, body: Any = None) -> None:
        """Sends a request once, without retries: the server would find out by itself, only later."""
        try:
            self.client.call(method, path, body, timeout=5.0)
        except (XQueueError, Unreachable) as error:
            log.debug("%s", error)

    # Claiming tasks

    def _poll_until_stopped(self) -> None:
        back_off = _BackOff()
        while not self._is_stopping:
            self._wait(lambda: self._is_stopping or self._room() > 0, None, self._freed)
            if self._is_stopping:
                break
            try:
                self._claim()
                back_off.reset()
            except (XQueueError, Unreachable) as error:
                if self._is_stopping:
                    break
                if isinstance(error, XQueueError) and not error.is_temporary:
                    log.error("the server rejected this worker: %s", error)
                    self._error = error
                    self.stop()
                    break
                wait = back_off.next(error)
                log.warning("cannot claim tasks; retrying in %.1f s: %s", wait, error)
                self._wait(lambda: self._is_stopping, wait)
            except Exception:
                # Unexpected, but the worker must continue.
                wait = back_off.next()
                log.exception("cannot claim tasks; retrying in %.1f s", wait)
                self._wait(lambda: self._is_stopping, wait)
        self.client.close()
        with self._lock:
            self._poll = None
            self._is_polling = False
            self._changed.notify_all()

    def _room(self) -> int:
        """How many tasks to claim now: none while at least half of those fetched ahead still wait. Needs the lock."""
        ahead = self._ahead()
        # Large tasks are not piled up: a reply of them has all the bytes that may wait.
        self._low = 0 if self._is_bulky else ahead // 2
        free = self.concurrency - len(self._running) - len(self._waiting)
        return free + ahead if free > 0 or -free <= self._low and ahead > 0 else 0

    def _ahead(self) -> int:
        """How many tasks to fetch beside those that have a thread. Needs the lock."""
        if self.prefetch is not None:
            return self.prefetch
        now = time.monotonic()
        # If none has ended for long, or no others are ready, how long the next ones take is unknown.
        if not self._has_more or now - self._returned_at > self._MAX_WAIT or self._average > self._SHORT:
            return 0
        since = now - self._SHORT
        quick = self.concurrency - sum(task._started_at < since for task in self._running.values())
        return min(int(quick * self._AHEAD / max(self._average, 1e-6)), 32 * self.concurrency)

    def _claim(self) -> None:
        with self._lock:
            running = len(self._running)
            room = min(self._room(), self._most)
            # Automatic prefetching is for tasks that are ready now, since those that come later may take longer.
            is_brief = self.prefetch is None and room > self.concurrency - running - len(self._waiting)
        if room == 0:
            return
        # The first call connects; before that, there is nothing to interrupt.
        self._poll = self.client._connection(self.WAIT + 15.0)
        try:
            answer = self.client.call(
                "POST", "/api/v1/leases",
                {**self._announcement(running), "max_tasks": room, "wait": 0 if is_brief or self._is_stopping else self.WAIT},
                timeout=self.WAIT + 15.0)
        except XQueueError as error:
            if self._is_batch_too_large(error, room):
                return
            raise
        self._take_in(answer, room)

    def _is_batch_too_large(self, error: XQueueError, count: int) -> bool:
        """Whether the server rejected a call for its number of tasks; then the next ones have fewer."""
        if error.field not in ("leases", "max_tasks") or count == 1:
            return False
        self._most = min(self._most, count // 2)
        return True

    def _announcement(self, running: int) -> Dict[str, Any]:
        """Returns the worker's description of itself for the server."""
        return {
            "worker": self.name, "types": sorted(self._handlers), "capacity": self.concurrency,
            "running": running, **self._presence,
        }

    def _take_in(self, answer: Mapping[str, Any], room: int) -> None:
        now = time.monotonic()
        safe_until = self._safe_until(answer, now)
        tasks: List[Task] = []
        for lease in answer.get("leases", []):
            try:
                task = Task(self, lease["lease"], lease["task"], lease["task"].get("process_timeout") or None)
            except Exception as error:
                log.error("cannot read a task, releasing it: %s", _describe(error))
                self._once("POST", f"/api/v1/leases/{lease.get('lease')}/release", {"delay": 1})
                continue
            task._safe_until = safe_until
            tasks.append(task)
        with self._lock:
            self._has_more = bool(answer.get("has_more"))
            # The server ends a reply early once it is large.
            self._is_bulky = self._has_more and len(tasks) < room
            interval = float(answer.get("heartbeat_interval", self._heartbeat_interval))
            if interval != self._heartbeat_interval:
                self._heartbeat_interval = interval
                self._changed.notify_all()
            free = self.concurrency - len(self._running) - len(self._waiting)
            for task in tasks:
                self._held[task.lease] = task
                if self._is_stopping:
                    self._hand_over(_End(task, "release"))
                    continue
                if free <= 0:
                    task._wait_until = self._latest_start(task, now)
                free -= 1
                self._waiting.append(task)
            look_at = min((self._next_look(task) for task in tasks), default=math.inf)
            if look_at < self._look_at:
                self._look_at = look_at
                self._changed.notify_all()
            self._arrived.notify(len(tasks))
            self._start_threads()

    def _latest_start(self, task: Task, now: float) -> float:
        """Until when a task may wait for a thread. Its process timeout counts from its lease, and it needs most of it."""
        limit = task.record.get("process_timeout") or math.inf
        return now + min(limit / 10, self._MAX_WAIT if self.prefetch is None else math.inf)

    def _start_threads(self) -> None:
        """Starts threads, which stay, for waiting tasks. Needs the lock."""
        while self._threads < self.concurrency and self._threads - len(self._running) < len(self._waiting):
            try:
                threading.Thread(target=self._work, name=f"xqueue-{self._threads + 1}", daemon=True).start()
            except RuntimeError:
                # Let other workers have the tasks.
                while self._threads - len(self._running) < len(self._waiting):
                    self._hand_over(_End(self._waiting.pop(), "release", b'"delay":1'))
                raise
            self._threads += 1

    # Running tasks

    def _work(self) -> None:
        """Runs one task after another."""
        end: Optional[_End] = None
        while True:
            task = self._next(end)
            if task is None:
                break
            end = self._perform(task)
        self.client.close()

    def _next(self, end: Optional[_End]) -> Optional[Task]:
        """Takes how the thread's last task ended, and returns its next one, or None when the worker has ended."""
        now = time.monotonic()
        with self._lock:
            if end is not None:
                self._note_time(now - end.task._started_at, now)
                del self._running[end.task.lease]
                if end.task._reason == "lost":
                    self._forget(end.task)
                else:
                    self._hand_over(end)
            while True:
                if self._has_ended:
                    return None
                if self._waiting and not self._is_stopping and self._backlog < self._BACKLOG_BYTES:
                    task = self._waiting.popleft()
                    if len(self._waiting) <= self._low:
                        self._freed.notify()
                    if self._next_look(task) > now:
                        break
                    # For example, this process was suspended.
                    self._hand_over(_End(task, "release"))
                    continue
                self._freed.notify()
                self._arrived.wait()
                now = time.monotonic()
            task._started_at = now
            self._running[task.lease] = task
            return task

    def _note_time(self, seconds: float, now: float) -> None:
        # An average from long ago says nothing about the tasks of today.
        is_known = now - self._returned_at <= self._MAX_WAIT
        self._average = self._average + (seconds - self._average) / 16 if is_known else seconds
        self._returned_at = now

    def _perform(self, task: Task) -> _End:
        try:
            verb, fields = self._outcome(task)
            return _End(task, verb, fields)
        except BaseException as error:
            # Such as an exception of the handler whose attributes cannot be read.
            return _End(task, "fail", _fields({"error": _describe(error)}))

    def _outcome(self, task: Task) -> Tuple[str, bytes]:
        """Runs the handler; returns the API call that settles the attempt, and the members of its body.

        Whatever the handler returns or raises, the server accepts them.
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
            return "fail", _fields(body)
        except Snooze as snooze:
            delay = _seconds(snooze.delay, f"the delay of task {task.id}") or 0.0
            return "release", _fields({"delay": delay})
        except BaseException as error:
            if task.stop_reason in ("shutdown", "lease_lost"):
                return "release", b""
            if not isinstance(error, TaskStopped):
                log.info("task %s failed", task.id, exc_info=error)
            return "fail", _fields({"error": _describe(error)})
        if result is None:
            return "complete", b""
        try:
            # Encode it once, here, where no one changes it any more.
            return "complete", b'"result":' + _encode(result).encode()
        except Exception as error:
            reason = f"the result is not JSON: {_text(error, _ERROR_BYTES)}"
            return "fail", _fields({"error": reason, "permanent": True})

    def _await(self, task: Task, result: Any) -> Any:
        """Runs the coroutine of an ``async def`` handler in an event loop of this thread; cancels it when the attempt
        should stop."""

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
                    pass  # The handler and its loop have ended.

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

    # Reporting outcomes

    def _hand_over(self, end: _End) -> None:
        """Leaves an outcome to the reporter, unless the lease has been released. Needs the lock."""
        if end.task.lease not in self._held:
            return
        end.progress = self._progress.pop(end.task.lease, None)
        self._outbox.append(end)
        self._backlog += end.cost
        self._finished.notify()

    def _forget(self, *tasks: Task) -> None:
        """Lets go of tasks that are settled, in one way or another. Needs the lock."""
        for task in tasks:
            self._held.pop(task.lease, None)
            self._progress.pop(task.lease, None)
        if self._is_stopping and not self._held:
            self._changed.notify_all()

    def _report_ends(self) -> None:
        """Reports outcomes until the worker ends. Those that come during one call go together into the next.

        All tasks of the worker depend on this thread, too.
        """
        later: List[_End] = []
        while True:
            due = min((end.due for end in later), default=math.inf)
            self._wait(
                lambda: self._has_ended or bool(self._outbox) or time.monotonic() >= due,
                None if due == math.inf else max(due - time.monotonic(), 0), self._finished)
            if self._has_ended:
                break
            now = time.monotonic()
            with self._lock:
                ends, self._outbox = self._outbox, []
                ends += [end for end in later if end.due <= now]
                # The others were released.
                ends = [end for end in ends if end.task.lease in self._held]
            later = [end for end in later if end.due > now]
            try:
                later += self._report_all(ends)
            except Exception:
                # Unexpected, such as a logging handler that raises. An outcome told twice does no harm.
                for end in ends:
                    end.due = now + 1.0
                later += ends
                with contextlib.suppress(Exception):
                    log.exception("cannot report outcomes; retrying in 1 s")
            with self._lock:
                was_full = self._backlog >= self._BACKLOG_BYTES
                self._backlog = sum(end.cost for end in later) + sum(end.cost for end in self._outbox)
                if was_full:
                    self._arrived.notify_all()
        self.client.close()

    def _report_all(self, ends: List[_End]) -> List[_End]:
        """Reports outcomes, and returns those to be sent again."""
        progress = {end.task.lease: end.progress for end in ends if end.progress is not None}
        if progress:
            self._try_progress(progress)
        calls: Dict[str, List[_End]] = {}
        for end in ends:
            end.progress = None
            calls.setdefault(end.verb, []).append(end)
        again: List[_End] = []
        for verb, group in calls.items():
            batch: List[_End] = []
            size = 0
            for end in group:
                length = len(end.fields) + 100
                if batch and (size + length > self._BATCH_BYTES or len(batch) >= self._most):
                    again += self._report_batch(verb, batch)
                    batch, size = [], 0
                batch.append(end)
                size += length
            if batch:
                again += self._report_batch(verb, batch)
        return again

    def _report_batch(self, verb: str, ends: List[_End]) -> List[_End]:
        """Reports outcomes in one call, or in smaller ones if the server rejects it, and returns those to be sent again."""
        first = ends[0]
        try:
            if len(ends) == 1:
                self.client._send("POST", f"/api/v1/leases/{first.task.lease}/{verb}", b"{" + first.fields + b"}", None)
                lost: Set[str] = set()
            else:
                elements = b",".join(
                    b'{"lease":"' + end.task.lease.encode() + (b'",' + end.fields if end.fields else b'"') + b"}"
                    for end in ends)
                answer = self.client._send("POST", f"/api/v1/leases/{verb}", b'{"leases":[' + elements + b"]}", None)
                lost = {each["lease"] for each in answer["leases"] if "code" in each} if answer.get("lost") else set()
        except XQueueError as error:
            # A rejected token may become valid again while the lease lasts.
            is_rejection = not error.is_temporary and error.status not in (401, 403)
            if len(ends) > 1 and (is_rejection or error.status == 500):
                # One of them rejects the whole call.
                self._is_batch_too_large(error, len(ends))
                middle = len(ends) // 2
                return self._report_batch(verb, ends[:middle]) + self._report_batch(verb, ends[middle:])
            if not is_rejection:
                return self._retry(ends, error)
            if error.code != "lease_lost":
                if self._rephrase(first, error):
                    return ends
                lost = set()
            else:
                lost = {first.task.lease}
        except Exception as error:
            return self._retry(ends, error)
        with self._lock:
            self._forget(*[end.task for end in ends])
        for end in ends:
            if end.task.lease in lost:
                log.warning("the lease of task %s was lost before it ended", end.task.id)
        return []

    def _rephrase(self, end: _End, error: XQueueError) -> bool:
        """Makes the server accept an outcome that it rejected, or returns False. A rejected result, such as one that is
        too large, fails the task permanently."""
        if end.verb != "fail":
            end.fail(error, permanent=end.verb == "complete")
        elif end.fields:
            log.error("reporting the failure of task %s without details: %s", end.task.id, error)
            end.fields = b""
        else:
            log.error("the server rejected the outcome of task %s: %s", end.task.id, error)
            return False
        return True

    def _retry(self, ends: List[_End], error: BaseException) -> List[_End]:
        wait = max(end.retry(error) for end in ends)
        log.warning(
            "cannot report the outcome of task %s%s; retrying in %.1f s: %s", ends[0].task.id,
            f" and {len(ends) - 1} others" if len(ends) > 1 else "", wait, _describe(error))
        due = time.monotonic() + wait
        for end in ends:
            end.due = due
        return ends

    def _report(self, task: Task, percent: float, message: Optional[str]) -> None:
        with self._lock:
            if task.lease in self._running:
                self._progress[task.lease] = (percent, message)
                self._changed.notify_all()

    # Keeping leases

    def _keep(self) -> None:
        """Renews leases at each heartbeat, and sends progress in between.

        All tasks of the worker depend on this thread, so no report of a single task may end it.
        """
        beat = time.monotonic()
        while True:
            interval = self._heartbeat_interval
            due = beat + interval
            self._wait(
                lambda: self._has_ended or bool(self._progress) or self._is_beat_wanted
                or self._heartbeat_interval != interval,
                max(due - time.monotonic(), 0))
            if self._has_ended:
                break
            if self._heartbeat_interval != interval:
                continue
            if self._is_beat_wanted or time.monotonic() >= due:
                self._is_beat_wanted = False
                beat = time.monotonic()
                self._try_to_extend()
            with self._lock:
                progress, self._progress = self._progress, {}
            self._try_progress(progress)
            self._wait(lambda: self._has_ended, self.PROGRESS_INTERVAL)
        self.client.close()

    def _try_to_extend(self) -> None:
        try:
            self._extend()
        except (XQueueError, Unreachable) as error:
            # Retried at the next heartbeat; a lease lasts longer than one.
            log.warning("cannot renew leases: %s", error)
        except Exception:
            log.exception("cannot renew leases")

    def _extend(self) -> None:
        with self._lock:
            leases = list(self._held)
            announcement = self._announcement(len(self._running))
        done = 0
        # Without leases, the call still says that this worker is alive.
        while done < max(len(leases), 1):
            batch = [{"lease": lease} for lease in leases[done:done + self._most]]
            asked_at = time.monotonic()
            try:
                answer = self.client.call(
                    "PUT", "/api/v1/leases", {**announcement, "leases": batch}, timeout=self._patience(3))
            except XQueueError as error:
                if self._is_batch_too_large(error, len(batch)):
                    continue
                raise
            self._extended(answer, asked_at)
            self._apply(answer)
            done += max(len(batch), 1)

    def _extended(self, answer: Dict[str, Any], asked_at: float) -> None:
        """Records how long the leases are valid, counted from before the request."""
        with self._lock:
            for standing in answer.get("leases", []):
                task = self._held.get(standing["lease"])
                if task is not None and not standing.get("stop"):
                    task._safe_until = self._safe_until(standing, asked_at)
                    task._had_chance = False

    # Losing leases

    def _safe_until(self, answer: Mapping[str, Any], since: float) -> Optional[float]:
        """When to ask handlers to stop if the lease, renewed at ``since``, is not renewed again: a tenth of it or
        ``stop_period`` before it expires, whichever is later."""
        duration = answer.get("lease_duration")
        if not isinstance(duration, (int, float)):
            return None
        return since + duration - min(duration / 10, self._stop_period)

    def _watch(self) -> None:
        """Asks handlers to stop before their leases expire for lack of renewal, and releases tasks that have waited too
        long. Runs in its own thread and makes no calls to the server, since these may hang."""
        while not self._has_ended:
            now = time.monotonic()
            with self._lock:
                for task in [task for task in self._waiting if self._next_look(task) <= now]:
                    self._waiting.remove(task)
                    self._hand_over(_End(task, "release"))
                watched = [
                    (task, task._safe_until) for task in self._running.values()
                    if task._safe_until is not None and task._reason is None and self._stops_on_lost_lease]
                overdue = [task for task, until in watched if until <= now and not self._asks_again(task, until, now)]
                self._freed.notify()
                if self._is_beat_wanted:
                    self._changed.notify_all()
                look_at = min(
                    [until for _, until in watched if until > now] + [self._next_look(task) for task in self._waiting],
                    default=now + 1.0)
                self._look_at = look_at
            for task in overdue:
                log.warning("cannot renew the lease of task %s: asking its handler to stop", task.id)
                task.stop("lease_lost")
            self._wait(lambda: self._has_ended or self._look_at < look_at, max(look_at - now, 0))

    @staticmethod
    def _next_look(task: Task) -> float:
        """Until when a task may wait for a thread, as far as is known."""
        return min(
            math.inf if task._wait_until is None else task._wait_until,
            math.inf if task._safe_until is None else task._safe_until)

    def _asks_again(self, task: Task, until: float, now: float) -> bool:
        """Whether to ask the server once more: this process was suspended when the time came, and the lease may still
        be valid."""
        if task._had_chance or now - until < 0.5:
            return False
        task._had_chance = True
        task._safe_until = now + 2.0
        self._is_beat_wanted = True
        return True

    def _patience(self, beats: float) -> float:
        """Timeout for a call that delays the next heartbeat: a number of heartbeat intervals."""
        return min(max(beats * self._heartbeat_interval, 2.0), self.client._timeout)

    def _try_progress(self, progress: Dict[str, Tuple[float, Optional[str]]]) -> None:
        """Sends reports; drops those that cannot be sent."""
        reports = [
            {"lease": lease, "progress": percent, "message": message}
            for lease, (percent, message) in progress.items()
        ]
        for start in range(0, len(reports), self._most):
            self._try_reports(reports[start:start + self._most])

    def _try_reports(self, reports: List[Dict[str, Any]]) -> None:
        try:
            asked_at = time.monotonic()
            answer = self.client.call(
                "POST", "/api/v1/leases/progress", {"leases": reports}, timeout=self._patience(1))
            self._extended(answer, asked_at)
            self._apply(answer)
        except XQueueError as error:
            if not error.is_temporary and len(reports) > 1:
                # A single invalid report makes the server reject the whole call.
                self._is_batch_too_large(error, len(reports))
                middle = len(reports) // 2
                self._try_reports(reports[:middle])
                self._try_reports(reports[middle:])
            else:
                log.warning("cannot send progress: %s", error)
        except Unreachable as error:
            log.warning("cannot send progress: %s", error)
        except Exception:
            log.exception("cannot send progress")

    def _apply(self, answer: Dict[str, Any]) -> None:
        for standing in answer.get("leases", []):
            if not standing.get("stop"):
                continue
            reason = str(standing.get("reason"))
            with self._lock:
                task = self._held.get(standing["lease"])
                if task is not None and task in self._waiting:
                    # It never starts. Released, a canceled task is canceled immediately.
                    self._waiting.remove(task)
                    if reason == "lost":
                        self._forget(task)
                    else:
                        self._hand_over(_End(task, "release"))
                    self._freed.notify()
                    continue
            if task is not None:
                task.stop(reason)
