"""What each kind of fault does. A kind is a generator: it breaks something, yields, and heals it."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Dict, Iterator, Set

from cluster import api
from cluster.programs import wait_for
from cluster.redis import RedisError, command

if TYPE_CHECKING:
    from cluster.cluster import Cluster
    from faults.plan import Fault

Body = Callable[["Cluster", "Fault"], Iterator[None]]


@dataclass(frozen=True)
class Kind:
    name: str
    #: What it hits: ``node``, ``link``, ``worker``, …
    group: str
    body: Body
    #: Seconds: the least, how much more on average, and the most.
    shortest: float
    typical: float
    longest: float
    #: What it needs for itself besides its target.
    uses: Set[str]


ALL: Dict[str, Kind] = {}


def kind(
    name: str, group: str, shortest: float = 0.2, typical: float = 1.5, longest: float = 10.0, uses: Set[str] = frozenset()
) -> Callable[[Body], Body]:
    def add(body: Body) -> Body:
        ALL[name] = Kind(name, group, body, shortest, typical, longest, set(uses))
        return body
    return add


# Nodes


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
    cluster.node(fault.target).program.freeze()
    yield
    cluster.node(fault.target).program.thaw()


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


@kind("machine-crash", "machine", uses={"node-1", "node-2", "node-3", "node-4", "redis", "worker-1", "worker-2", "webhook"})
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


# Workers and the webhook service


@kind("worker-kill", "worker")
def worker_kill(cluster: Cluster, fault: Fault) -> Iterator[None]:
    cluster.worker(fault.target).program.kill()
    yield
    cluster.worker(fault.target).program.start()


@kind("worker-freeze", "worker", shortest=1, typical=4, longest=40)
def worker_freeze(cluster: Cluster, fault: Fault) -> Iterator[None]:
    cluster.worker(fault.target).program.freeze()
    yield
    cluster.worker(fault.target).program.thaw()


@kind("webhook-kill", "webhook")
def webhook_kill(cluster: Cluster, fault: Fault) -> Iterator[None]:
    cluster.webhook.program.kill()
    yield
    cluster.webhook.program.start()


@kind("webhook-freeze", "webhook", shortest=0.5, typical=2)
def webhook_freeze(cluster: Cluster, fault: Fault) -> Iterator[None]:
    cluster.webhook.program.freeze()
    yield
    cluster.webhook.program.thaw()


# Connections


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


# Operators


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


# Brokers


@kind("kafka-freeze", "kafka", shortest=0.5, typical=4)
def kafka_freeze(cluster: Cluster, fault: Fault) -> Iterator[None]:
    cluster.kafka.program.freeze()
    yield
    cluster.kafka.program.thaw()


@kind("broker-stop", "broker")
def broker_stop(cluster: Cluster, fault: Fault) -> Iterator[None]:
    # Gracefully: mosquitto loses what it has acknowledged if it is killed.
    cluster.mqtt.program.stop(30)
    yield
    cluster.mqtt.program.start()


@kind("broker-freeze", "broker", shortest=0.5, typical=3)
def broker_freeze(cluster: Cluster, fault: Fault) -> Iterator[None]:
    cluster.mqtt.program.freeze()
    yield
    cluster.mqtt.program.thaw()


# Redis


@kind("redis-kill", "redis")
def redis_kill(cluster: Cluster, fault: Fault) -> Iterator[None]:
    cluster.redis.program.kill()
    yield
    cluster.redis.start()
    ready = cluster.redis.wait_until_ready()
    cluster.records.add("recoveries", what="redis", ready=round(ready, 6), fault=fault.number)


@kind("redis-restart", "redis")
def redis_restart(cluster: Cluster, fault: Fault) -> Iterator[None]:
    cluster.redis.program.stop(30)
    yield
    cluster.redis.start()
    cluster.redis.wait_until_ready()


@kind("redis-freeze", "redis", shortest=0.5, typical=3, longest=15)
def redis_freeze(cluster: Cluster, fault: Fault) -> Iterator[None]:
    cluster.redis.program.freeze()
    yield
    cluster.redis.program.thaw()


@kind("redis-full", "redis", shortest=0.5, typical=2)
def redis_full(cluster: Cluster, fault: Fault) -> Iterator[None]:
    cluster.redis.try_command("CONFIG", "SET", "maxmemory", "1mb")
    yield
    cluster.redis.try_command("CONFIG", "SET", "maxmemory", "0")


@kind("redis-rewrite", "redis", shortest=0, typical=0.01, longest=0.1)
def redis_rewrite(cluster: Cluster, fault: Fault) -> Iterator[None]:
    cluster.redis.try_command("BGREWRITEAOF")
    yield


@kind("script-flush", "redis", shortest=0, typical=0.01, longest=0.1)
def script_flush(cluster: Cluster, fault: Fault) -> Iterator[None]:
    cluster.redis.try_command("SCRIPT", "FLUSH", "SYNC" if fault.draw < 0.5 else "ASYNC")
    yield


@kind("clients-killed", "redis", shortest=0, typical=0.01, longest=0.1)
def clients_killed(cluster: Cluster, fault: Fault) -> Iterator[None]:
    cluster.redis.try_command("CLIENT", "KILL", "TYPE", "normal" if fault.draw < 0.6 else "pubsub", "SKIPME", "yes")
    yield


@kind("power-cut", "redis", shortest=0.3, typical=1)
def power_cut(cluster: Cluster, fault: Fault) -> Iterator[None]:
    """Takes from the append-only file what a disk that is synced once a second may not have had: up to two seconds."""
    redis = cluster.redis
    age = 0.3 + 1.6 * fault.draw
    path = redis.log_files()[-1]
    size, began = path.stat().st_size, time.monotonic()
    time.sleep(age)
    redis.program.kill()
    os.truncate(path, size)
    cluster.records.note_loss(began - 0.5, time.monotonic() + 0.1, f"power cut, fault {fault.number}")
    yield
    redis.start()
    redis.wait_until_ready()


# Sabotage, which the laws must find


@kind("forget", "redis", shortest=0.3, typical=0.5)
def forget(cluster: Cluster, fault: Fault) -> Iterator[None]:
    """A power cut that nobody is told of."""
    redis = cluster.redis
    size = redis.log_files()[-1].stat().st_size
    time.sleep(2)
    redis.program.kill()
    os.truncate(redis.log_files()[-1], size)
    yield
    redis.start()
    redis.wait_until_ready()


@kind("lift-limits", "node", shortest=5, typical=0.1)
def lift_limits(cluster: Cluster, fault: Fault) -> Iterator[None]:
    """Type limits that are not enforced any more."""
    def set_limits(is_lifted: bool) -> None:
        for type, limit in cluster.types.items():
            if limit:
                value = {"max_concurrency": None if is_lifted else limit}
                api.call(cluster.nodes[0].port, "PUT", f"/api/v1/types/{type}/limit", value)
    set_limits(True)
    yield
    set_limits(False)


# Sentinels and their primary


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
    program = cluster.trio.sentinels[int(fault.target.rsplit("-", 1)[1]) - 1]
    program.kill()
    yield
    program.start()


# Clocks


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


# Disks


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
