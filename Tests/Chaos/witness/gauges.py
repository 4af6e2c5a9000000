"""Memory and descriptors of programs, ends that nobody asked for, and how late this machine wakes a sleeper."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from typing import Dict, List, Optional, Sequence

from cluster.programs import Program
from witness.records import Records


def usage(pid: Optional[int]) -> Optional[Dict[str, int]]:
    """Resident memory in KiB and the number of open descriptors of a process; None if it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            lines = dict(line.split(":", 1) for line in status if ":" in line)
        return {
            "rss": int(lines["VmRSS"].split()[0]), "fds": len(os.listdir(f"/proc/{pid}/fd")),
            "threads": int(lines["Threads"]),
        }
    except (OSError, KeyError, ValueError):
        return None


class Gauges:
    """Watches the programs of a round once a second, and starts nodes again that have ended, as a supervisor does."""

    def __init__(self, programs: List[Program], records: Records, supervised: Sequence[Program] = ()) -> None:
        self._programs = programs
        self._supervised = supervised
        self._records = records
        #: How many such ends of each program are recorded.
        self._told: Dict[str, int] = defaultdict(int)
        self._is_stopping = threading.Event()
        self._threads = [
            threading.Thread(target=run, name=name, daemon=True)
            for run, name in ((self._watch, "gauges"), (self._measure_lag, "lag"))]
        #: The latest that this process was woken, in seconds.
        self.lag = 0.0

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._is_stopping.set()
        for thread in self._threads:
            thread.join(10)
        self.look()
        self._records.add("lag", worst=round(self.lag, 3))

    def look(self) -> None:
        """Records every end that nobody had asked for, by whomever it was noticed."""
        for program in self._programs:
            program.notice_end()
            for how in program.unexpected[self._told[program.name]:]:
                self._records.add("exits", program=program.name, how=how)
                self._told[program.name] += 1
                if program in self._supervised and not self._is_stopping.is_set():
                    program.start()

    def sample(self, when: str) -> None:
        """Records what the programs use now."""
        for program in self._programs:
            used = usage(program.pid)
            if used:
                self._records.add("usage", when=when, program=program.name, pid=program.pid, **used)

    def _watch(self) -> None:
        count = 0
        while not self._is_stopping.wait(1.0):
            self.look()
            count += 1
            if count % 5 == 0:
                self.sample("running")

    def _measure_lag(self) -> None:
        while not self._is_stopping.is_set():
            start = time.monotonic()
            self._is_stopping.wait(0.1)
            self.lag = max(self.lag, time.monotonic() - start - 0.1)
