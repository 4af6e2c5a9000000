"""A primary that is replaced."""

from __future__ import annotations

import time
from typing import Iterator

from cluster.cluster import Cluster
from cluster.programs import wait_for
from cluster.redis import RedisError, command
from faults.kind import Fault, kind, killed


def _until_whole(cluster: Cluster, began: float, why: str) -> None:
    """Waits until there is one primary with two replicas, and records what may have been lost meanwhile."""
    try:
        wait_for("the Sentinels' servers are whole", cluster.trio.is_whole, 90, pause=0.2)
    finally:
        cluster.records.note_loss(began - 2.0, time.monotonic() + 2.0, why)


@kind("primary-kill", "primary", shortest=3, typical=3)
def primary_kill(cluster: Cluster, fault: Fault) -> Iterator[None]:
    began = time.monotonic()
    primary = cluster.trio.primary()
    if primary:
        primary.program.kill()
    yield
    if primary:
        primary.start()
    _until_whole(cluster, began, f"primary killed, fault {fault.number}")


@kind("primary-freeze", "primary", shortest=0.5, typical=4, longest=20)
def primary_freeze(cluster: Cluster, fault: Fault) -> Iterator[None]:
    began = time.monotonic()
    primary = cluster.trio.primary()
    if primary:
        primary.program.freeze()
    yield
    if primary:
        primary.program.thaw()
    _until_whole(cluster, began, f"primary frozen, fault {fault.number}")


@kind("failover", "primary", shortest=0.5, typical=1)
def failover(cluster: Cluster, fault: Fault) -> Iterator[None]:
    began = time.monotonic()
    try:
        command(cluster.trio.ports[0], "SENTINEL", "FAILOVER", cluster.trio.MASTER)
    except (OSError, RedisError):
        pass
    yield
    _until_whole(cluster, began, f"failover, fault {fault.number}")


@kind("sentinel-kill", "sentinel")
def sentinel_kill(cluster: Cluster, fault: Fault) -> Iterator[None]:
    yield from killed(cluster.trio.sentinels[int(fault.target.rsplit("-", 1)[1]) - 1])
