"""A Redis that dies, freezes, is full, and forgets scripts, clients or its last two seconds."""

from __future__ import annotations

import os
import time
from typing import Iterator

from cluster.cluster import Cluster
from faults.kind import Fault, frozen, kind


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
    yield from frozen(cluster.redis.program)


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
