"""Wall clocks that are wrong."""

from __future__ import annotations

import time
from typing import Iterator

from cluster.cluster import Cluster
from faults.kind import Fault, kind


@kind("clock-step", "clock", shortest=0.5, typical=2)
def clock_step(cluster: Cluster, fault: Fault) -> Iterator[None]:
    """Sets a clock by up to two hours, and back at the end. The store's own only by less than a lease."""
    clock = cluster.clocks[fault.target.replace("clock-", "")]
    reach = 2.0 if fault.target == "clock-redis" else 7200.0
    clock.offset = reach * (2 * fault.draw - 1)
    yield
    clock.offset = 0


@kind("clock-skew", "clock", shortest=2, typical=6, longest=20)
def clock_skew(cluster: Cluster, fault: Fault) -> Iterator[None]:
    """A clock that runs fast or slow by up to a fifth, and is set right at the end."""
    clock = cluster.clocks[fault.target.replace("clock-", "")]
    pace = 0.4 * (fault.draw - 0.5) * (0.2 if fault.target == "clock-redis" else 1)
    end = time.monotonic() + fault.span
    while time.monotonic() < end:
        clock.offset += pace * 0.05
        time.sleep(0.05)
    yield
    clock.offset = 0
