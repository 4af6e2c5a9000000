"""Connections that are cut, delayed, half-closed and swallowed."""

from __future__ import annotations

from typing import Callable, Iterator

from cluster.cluster import Cluster
from faults.kind import Fault, kind


def _link_kinds(prefix: str, group: str, find: Callable) -> None:
    @kind(f"{prefix}-cut", group, shortest=0, typical=0.01, longest=0.1)
    def cut(cluster: Cluster, fault: Fault) -> Iterator[None]:
        find(cluster, fault.target).cut()
        yield

    @kind(f"{prefix}-delay", group, shortest=0.5, typical=3)
    def delay(cluster: Cluster, fault: Fault) -> Iterator[None]:
        find(cluster, fault.target).delay = 0.02 + 0.4 * fault.draw
        yield
        find(cluster, fault.target).heal()

    @kind(f"{prefix}-black-hole", group, shortest=0.5, typical=4, longest=30)
    def black_hole(cluster: Cluster, fault: Fault) -> Iterator[None]:
        proxy = find(cluster, fault.target)
        proxy.swallow()
        yield
        proxy.heal()
        if fault.draw < 0.5:
            proxy.cut()

    @kind(f"{prefix}-half-close", group, shortest=0, typical=0.01, longest=0.1)
    def half_close(cluster: Cluster, fault: Fault) -> Iterator[None]:
        find(cluster, fault.target).half_close(towards_server=fault.draw < 0.5)
        yield

    @kind(f"{prefix}-refuse", group)
    def refuse(cluster: Cluster, fault: Fault) -> Iterator[None]:
        find(cluster, fault.target).refuse()
        yield
        find(cluster, fault.target).heal()


_link_kinds("link", "link", lambda cluster, target: cluster.links[target.replace("link-", "")])
_link_kinds("worker-link", "worker-link", lambda cluster, target: cluster.worker(target.replace("link-", "")).proxy)
_link_kinds("kafka", "kafka", lambda cluster, target: cluster.kafka.proxy)
