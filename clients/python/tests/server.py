"""A real server for tests, on a free port and in a temporary folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any, Callable, List, Optional

HERE = Path(__file__).resolve()
ROOT = HERE.parents[3]
sys.path.insert(0, str(HERE.parents[1]))

from xqueue_worker import Client  # noqa: E402

PROGRAM = os.environ.get("XQUEUE_PROGRAM") or str(ROOT / ".build" / "debug" / "xqueue")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(what: str, condition: Callable[[], Any], within: float = 60.0) -> Any:
    """Waits until ``condition`` returns something true, and returns that."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"timed out after {within} s: {what}")
        time.sleep(0.02)


class Server:
    def __init__(self, *flags: str) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="xqueue-python-")
        self.port = free_port()
        self.flags: List[str] = list(flags)
        self.process: Optional[subprocess.Popen[bytes]] = None
        self.client = Client(f"http://127.0.0.1:{self.port}")
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        log = open(Path(self.folder.name) / "log", "ab")
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--server-port", str(self.port), "--no-workers", *self.flags],
            cwd=self.folder.name, stdout=log, stderr=log)
        log.close()
        eventually("the server responds", self._answers)

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError("the server exited: " + (Path(self.folder.name) / "log").read_text())
        try:
            return bool(self.client.call("GET", "/api/v1/health"))
        except Exception:
            return False

    def end(self, number: int = signal.SIGTERM) -> None:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(60)

    def close(self) -> None:
        self.end(signal.SIGKILL)
        self.client.close()
        self.folder.cleanup()

    def requests(self, route: str) -> int:
        """How many requests of the route the server has answered, with whichever status."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=30) as reply:
            lines = reply.read().decode().splitlines()
        label = f'route="{route}"'
        return sum(
            int(float(line.rsplit(" ", 1)[1])) for line in lines
            if line.startswith("xqueue_http_requests_total{") and label in line)

    def task(self, id: str, what: str, condition: Callable[[Any], bool]) -> Any:
        """Waits until ``condition`` holds for the task, and returns the task."""
        def look() -> Any:
            task = self.client.get(id)
            return task if condition(task) else None
        return eventually(f"task {id} {what}", look)

    def ended(self, id: str) -> Any:
        return self.task(id, "ends", lambda task: task["status"] not in ("pending", "processing"))


class WorkerProcess:
    """A worker in its own process, which can be killed."""

    def __init__(
        self, server: Server, handler: str, *, name: str = "py", concurrency: int = 2, grace: float = 30,
        prefetch: Optional[int] = None,
    ) -> None:
        source = (
            "import sys, time, logging\n"
            f"sys.path.insert(0, {json.dumps(str(HERE.parents[1]))})\n"
            "from xqueue_worker import *\n"
            "logging.basicConfig(level=logging.INFO)\n"
            f"worker = Worker({json.dumps(server.url)}, name={json.dumps(name)}, concurrency={concurrency},"
            f" grace_period={grace}, stop_period=1, prefetch={prefetch})\n"
            "@worker.task('job')\n"
            "def job(task):\n" + "".join(f"    {line}\n" for line in handler.splitlines()) +
            "worker.run()\n")
        self.log = open(Path(server.folder.name) / f"{name}.log", "a+")
        self.process = subprocess.Popen([sys.executable, "-c", source], stdout=self.log, stderr=self.log)

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        return self.process.wait(60)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(60)
        self.log.close()
