"""Nodes that are killed, frozen and restarted, and types that an operator pauses."""

from __future__ import annotations

import time
from typing import Iterator

from cluster import api
from cluster.cluster import Cluster
from cluster.programs import wait_for
from faults.kind import Fault, frozen, kind


@kind("node-kill", "node")
def node_kill(cluster: Cluster, fault: Fault) -> Iterator[None]:
    program = cluster.node(fault.target).program
    pid = program.pid
    cluster.records.add("kills", node=fault.target, pid=pid, fault=fault.number)
    program.kill()
    yield
    cluster.node(fault.target).start()


@kind("node-freeze", "node", shortest=1, typical=4, longest=40)
def node_freeze(cluster: Cluster, fault: Fault) -> Iterator[None]:
    yield from frozen(cluster.node(fault.target).program)


@kind("node-restart", "node", shortest=0, typical=0.1, longest=0.5, uses={"roll"})
def node_restart(cluster: Cluster, fault: Fault) -> Iterator[None]:
    node = cluster.node(fault.target)
    status = node.program.stop(60)
    if status != 0:
        cluster.records.add("exits", program=node.name, how=f"with status {status} after SIGTERM")
    yield
    node.start()
    # The next one of a rolling restart waits for this one.
    wait_for(f"{node.name} is ready again", node.is_ready, 90)


_MACHINE = frozenset({"node-1", "node-2", "node-3", "node-4", "redis", "worker-1", "worker-2", "webhook"})


@kind("machine-crash", "machine", uses=_MACHINE)
def machine_crash(cluster: Cluster, fault: Fault) -> Iterator[None]:
    """Kills everything at once; all of it comes back, the store first."""
    programs = [node.program for node in cluster.nodes] + [worker.program for worker in cluster.workers[:2]]
    stores = [server.program for server in cluster.servers]
    services = [cluster.webhook.program] if cluster.webhook else []
    for program in programs + stores + services:
        program.kill()
    yield
    for program in stores + services + programs:
        program.start()


@kind("type-pause", "type", shortest=0.5, typical=3)
def type_pause(cluster: Cluster, fault: Fault) -> Iterator[None]:
    """Pauses a type, and resumes it."""
    def send(act: str) -> bool:
        for node in cluster.nodes:
            try:
                if api.call(node.port, "POST", f"/api/v1/types/{fault.target}/{act}", timeout=3)[0] == 200:
                    return True
            except api.NoAnswer:
                continue
        return False
    wait_for("a node pauses the type", lambda: send("pause"), 120)
    begin = time.monotonic()
    yield
    cluster.records.add("pauses", type=fault.target, begin=begin, end=time.monotonic())
    wait_for("a node resumes the type", lambda: send("resume"), 120)
