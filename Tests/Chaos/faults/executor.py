"""Lets the planned faults happen, each in its time, and heals every one of them."""

from __future__ import annotations

import threading
import time
import traceback
from collections import Counter
from typing import Dict, List, Set

from cluster.cluster import Cluster
from faults import kinds
from faults.kind import Fault


def targets(cluster: Cluster) -> Dict[str, List[str]]:
    """What a cluster has for each group of kinds."""
    workers = [worker.program.name for worker in cluster.workers]
    return {
        "node": [node.name for node in cluster.nodes],
        "machine": ["machine"] if not cluster.trio and not cluster.disk else [],
        "type": sorted(cluster.types),
        "link": [f"link-{name}" for name in cluster.links],
        "worker": workers,
        "worker-link": [f"link-{name}" for name in workers],
        "programs": ["programs"] if cluster.webhook else [],
        "webhook": ["webhook"] if cluster.webhook else [],
        "redis": ["redis"] if cluster.redis else [],
        "primary": ["primary"] if cluster.trio else [],
        "sentinel": [program.name for program in cluster.trio.sentinels] if cluster.trio else [],
        "broker": ["broker"] if cluster.mqtt else [],
        "kafka": ["kafka"] if cluster.kafka else [],
        "clock": [f"clock-{name}" for name in cluster.clocks],
        "disk": ["disk"] if cluster.disk else [],
    }


class Executor:
    """Runs a plan. A fault whose target another one has waits for it, but not for long: then it is skipped, and recorded
    as such."""

    PATIENCE = 6.0
    #: How long a target is whole again at least, in relation to how long it was broken.
    REST = 0.7

    def __init__(self, cluster: Cluster, plan: List[Fault]) -> None:
        self._cluster = cluster
        self._plan = plan
        self._busy: Set[str] = set()
        self._changed = threading.Condition()
        self._threads: List[threading.Thread] = []
        self._healed = threading.Event()
        #: Faults that happened, by kind.
        self.counts: Counter = Counter()
        self.last = ""
        #: Faults of this harness itself.
        self.errors: List[str] = []

    def run(self, start: float, is_over) -> None:  # noqa: ANN001
        """Begins each fault at its time, until ``is_over()``; returns once all are healed."""
        for fault in self._plan:
            while not is_over() and time.monotonic() < start + fault.at:
                time.sleep(min(0.1, max(start + fault.at - time.monotonic(), 0.001)))
            if is_over():
                break
            thread = threading.Thread(target=self._take_turn, args=(fault,), name=f"fault-{fault.number}", daemon=True)
            thread.start()
            self._threads.append(thread)
        self._healed.set()
        for thread in self._threads:
            thread.join(180)
            if thread.is_alive():
                self.errors.append(f"{thread.name} is not healed after three minutes")

    def _take_turn(self, fault: Fault) -> None:
        """Waits a while for the fault's target to be whole, and then lets it happen."""
        needed = {fault.target} | kinds.ALL[fault.kind].uses
        deadline = time.monotonic() + self.PATIENCE
        with self._changed:
            while needed & self._busy and not self._healed.is_set() and time.monotonic() < deadline:
                self._changed.wait(0.2)
            if needed & self._busy or self._healed.is_set():
                self._cluster.records.add("faults", phase="skipped", **fault.facts())
                return
            self._busy |= needed
        began = time.monotonic()
        try:
            self._happen(fault)
            # What was broken is left alone for a while, or it would hardly ever work.
            self._healed.wait(self.REST * (time.monotonic() - began))
        finally:
            with self._changed:
                self._busy -= needed
                self._changed.notify_all()

    def _happen(self, fault: Fault) -> None:
        records = self._cluster.records
        steps = kinds.ALL[fault.kind].body(self._cluster, fault)
        try:
            records.add("faults", phase="begin", **fault.facts())
            self.counts[fault.kind] += 1
            self.last = f"{fault.kind} {fault.target}"
            began = time.monotonic()
            next(steps, None)
            # The last faults of a round are healed at its end.
            self._healed.wait(max(fault.span - (time.monotonic() - began), 0))
        except Exception:
            self.errors.append(f"{fault.kind} {fault.target}: {traceback.format_exc()}")
        finally:
            try:
                for _ in steps:
                    pass
            except Exception:
                self.errors.append(f"{fault.kind} {fault.target}: {traceback.format_exc()}")
            records.add("faults", phase="end", number=fault.number, kind=fault.kind, target=fault.target)
