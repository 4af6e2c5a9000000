"""A disk that is full, hangs or fails."""

from __future__ import annotations

import resource
from typing import Iterator

from cluster.cluster import Cluster
from cluster.programs import wait_for
from faults.kind import Fault, kind


@kind("disk-full", "disk", shortest=1, typical=3, uses={"node-1"})
def disk_full(cluster: Cluster, fault: Fault) -> Iterator[None]:
    cluster.disk.fill()
    yield
    cluster.disk.empty()


@kind("disk-freeze", "disk", shortest=0.5, typical=4, longest=15, uses={"node-1"})
def disk_freeze(cluster: Cluster, fault: Fault) -> Iterator[None]:
    if cluster.disk.kind != "ext4":
        return
    cluster.disk.freeze()
    yield
    cluster.disk.thaw()


@kind("disk-read-only", "disk", shortest=0.5, typical=2, uses={"node-1"})
def disk_read_only(cluster: Cluster, fault: Fault) -> Iterator[None]:
    """The file system fails and is mounted anew, which only a restart of the node survives."""
    if cluster.disk.kind != "ext4":
        return
    cluster.disk.make_read_only()
    yield
    node = cluster.nodes[0]
    node.program.kill()
    cluster.disk.unmount()
    cluster.disk.check()
    cluster.disk.mount()
    node.start()
    wait_for(f"{node.name} is ready again", node.is_ready, 90)


@kind("file-limit", "disk", shortest=0.5, typical=2, uses={"node-1"})
def file_limit(cluster: Cluster, fault: Fault) -> Iterator[None]:
    """A quota: files cannot grow beyond what they have now."""
    pid = cluster.nodes[0].program.pid
    if pid is None:
        return
    sizes = [path.stat().st_size for path in cluster.disk.store.iterdir()]
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (max(sizes), hard))
    yield
    if cluster.nodes[0].program.pid == pid:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
