"""The diary: what handlers themselves saw, independent of the queue.

Each attempt appends two lines with one write each, so that they survive a kill at any instruction:

    NANOSECONDS begin TASK ATTEMPT TYPE NONCE WHO
    NANOSECONDS end   TASK ATTEMPT TYPE NONCE ok|fail|permanent|stopped

The time is CLOCK_MONOTONIC, the same for all processes of a machine and never stepped. The nonce is new for each run of a
handler and goes into the task's result, which so names the run that made it.
"""

from __future__ import annotations

import os
import time

OK, FAIL, PERMANENT, STOPPED = "ok", "fail", "permanent", "stopped"


class Diary:
    """A file that this process appends to."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def begin(self, task: str, attempt: int, type: str, who: str) -> str:
        """Records the start of an attempt and returns its nonce."""
        nonce = os.urandom(8).hex()
        self._write("begin", task, attempt, type, nonce, who)
        return nonce

    def end(self, task: str, attempt: int, type: str, nonce: str, outcome: str) -> None:
        self._write("end", task, attempt, type, nonce, outcome)

    def _write(self, *words: object) -> None:
        line = " ".join(str(word) for word in (time.monotonic_ns(), *words)) + "\n"
        os.write(self._file, line.encode())
