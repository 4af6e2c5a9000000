"""Programs that a round starts, breaks and ends."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

ROOT = Path(__file__).resolve().parents[3]
# Debian installs servers outside the PATH of ordinary users.
PLACES = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin"

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
# Linux ends a child when the *thread* that started it ends, so one thread that lives as long as this process starts all.
_starter = ThreadPoolExecutor(1, thread_name_prefix="starter")
_ports_given: set = set()


class Missing(Exception):
    """Something that a round needs is not installed."""


def installed(*names: str) -> str:
    """Returns the path of the first of these programs that is installed."""
    for name in names:
        path = shutil.which(name, path=PLACES)
        if path:
            return path
    raise Missing(f"{' or '.join(names)} is not installed; scripts/setup tests installs it")


def free_port() -> int:
    """Returns a port that is free now and that no other program of this process was given."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in _ports_given:
            _ports_given.add(port)
            return port


class TimedOut(Exception):
    """A condition did not come true in time."""


def wait_for(what: str, condition: Callable[[], Any], within: float, pause: float = 0.05) -> Any:
    """Waits until ``condition`` returns something true, and returns that."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimedOut(f"timed out after {within:g} s: {what}")
        time.sleep(pause)


def _prepare(ignored: Sequence[int]) -> Callable[[], None]:
    def prepare() -> None:
        # If this harness is killed, its programs must not stay behind.
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
    return prepare


def clean_environment() -> Dict[str, str]:
    """This process's variables without XQueue's own, which would be settings of the nodes; Python leaves no files."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XQUEUE_")}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1"}


def end_all_of(path: Path) -> None:
    """Kills the processes that run a program of this path, which a killed node has left behind."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(place / "exe") == str(path):
                os.kill(int(place.name), signal.SIGKILL)
        except (OSError, ProcessLookupError):
            continue


class Program:
    """A program with a log, which can be started again after its end. Thread-safe."""

    def __init__(
        self, name: str, command: Sequence[str], folder: Path, *, environment: Optional[Dict[str, str]] = None,
        log: Optional[Path] = None, ignored_signals: Sequence[int] = (),
    ) -> None:
        """
        :param folder: Working directory.
        :param environment: Variables in addition to this process's.
        :param log: File for its output; default: NAME.log in the folder.
        :param ignored_signals: Signals that the program starts with ignored.
        """
        self.name = name
        self.command: List[str] = [str(word) for word in command]
        self.folder = folder
        self.environment = environment or {}
        self.log_path = log or folder / f"{name}.log"
        self.ignored_signals = ignored_signals
        #: Ends that no one asked for, as text.
        self.unexpected: List[str] = []
        self._process: Optional[subprocess.Popen] = None
        self._is_end_expected = True
        self._is_frozen = False
        self._is_retired = False
        self._lock = threading.RLock()

    def start(self) -> None:
        with self._lock:
            if self.is_running or self._is_retired:
                return
            self.folder.mkdir(parents=True, exist_ok=True)
            with open(self.log_path, "ab") as output:
                self._process = _starter.submit(
                    subprocess.Popen, self.command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output,
                    stderr=output, env={**clean_environment(), **self.environment}, start_new_session=True,
                    preexec_fn=_prepare(self.ignored_signals)).result()
            self._is_end_expected = self._is_frozen = False

    @property
    def is_running(self) -> bool:
        with self._lock:
            return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> Optional[int]:
        with self._lock:
            return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def is_frozen(self) -> bool:
        return self._is_frozen

    def notice_end(self) -> Optional[str]:
        """Returns how the program ended if nobody had asked for it; once for each end."""
        with self._lock:
            if self._process is None or self._is_end_expected:
                return None
            status = self._process.poll()
            if status is None:
                return None
            self._is_end_expected = True
            how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
            self.unexpected.append(how)
            return how

    def send(self, number: int) -> None:
        with self._lock:
            if self.is_running:
                assert self._process is not None
                self._process.send_signal(number)

    def freeze(self) -> None:
        with self._lock:
            self.send(signal.SIGSTOP)
            self._is_frozen = True

    def thaw(self) -> None:
        with self._lock:
            self.send(signal.SIGCONT)
            self._is_frozen = False

    def kill(self) -> None:
        """Kills the program, as a power cut would, and waits until it is gone."""
        with self._lock:
            self.notice_end()
            self._is_end_expected = True
            self.send(signal.SIGKILL)
            if self._process is not None:
                self._process.wait(60)

    def retire(self) -> None:
        """Kills the program for good: it cannot be started again, not even by a fault that is being healed."""
        with self._lock:
            self._is_retired = True
            self.kill()

    def ask_to_stop(self) -> None:
        """Sends SIGTERM, once."""
        with self._lock:
            self.notice_end()
            if self.is_running and not self._is_end_expected:
                self._is_end_expected = True
                self.send(signal.SIGTERM)
                self.thaw()

    def stop(self, within: float = 60.0) -> Optional[int]:
        """Asks the program to end and returns its exit status; kills it after ``within`` seconds and returns None."""
        with self._lock:
            self.ask_to_stop()
            process = self._process
        if process is None:
            return None
        try:
            return process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    @property
    def output(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
