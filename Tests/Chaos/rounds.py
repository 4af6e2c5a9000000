"""The rounds: what each starts, and what it breaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Tuple

_NODES = {"node-kill": 4, "node-freeze": 2, "node-restart": 2, "machine-crash": 0.7, "type-pause": 1}
_WORKERS = {"worker-kill": 2, "worker-freeze": 2, "webhook-kill": 1, "webhook-freeze": 1,
            "programs-kill": 1}
_LINKS = {"link-cut": 2, "link-delay": 1, "link-black-hole": 2, "link-half-close": 1, "link-refuse": 1}
_WORKER_LINKS = {"worker-link-cut": 1, "worker-link-black-hole": 1, "worker-link-half-close": 1,
                 "worker-link-refuse": 1}
_REDIS = {"redis-kill": 2, "redis-freeze": 2, "redis-restart": 1, "redis-full": 1, "script-flush": 2, "clients-killed": 2,
          "redis-rewrite": 1}
_MQTT = {"broker-stop": 1, "broker-freeze": 1}


@dataclass(frozen=True)
class Round:
    name: str
    summary: str
    #: ``sqlite``, ``redis`` or ``sentinel``.
    store: str
    #: Kinds of faults, with how often each comes in relation to the others.
    faults: Dict[str, float]
    nodes: int = 1
    workers: int = 2
    fsync: str = "always"
    #: Whether nodes run tasks; if not, only workers over HTTP do.
    runs_tasks: bool = True
    #: Whether one more node is XQueueChaosNode, with handlers in Swift; on a file, instead of the node with an odd seed.
    swift: bool = False
    mqtt: bool = False
    kafka: bool = False
    disk: bool = False
    clocks: bool = False
    #: Tasks a second, and the mean number of seconds between faults.
    rate: float = 30.0
    every: float = 0.9
    #: The least number of seconds between the begins of two faults.
    gap: float = 0.0
    #: Whether no retry may be counted, and no request may fail twice: only orderly restarts happen.
    is_gentle: bool = False
    #: Weights by which the mix of tasks differs from the usual one.
    mix: Dict[str, float] = field(default_factory=dict)

    @property
    def can_lose(self) -> bool:
        """Whether the store may forget what it has acknowledged, in the times that the round records."""
        return self.store == "sentinel" or "power-cut" in self.faults


def _of(*groups: Dict[str, float], **more: float) -> Dict[str, float]:
    faults: Dict[str, float] = {}
    for group in groups:
        faults.update(group)
    faults.update({name.replace("_", "-"): weight for name, weight in more.items()})
    return faults


ALL: Tuple[Round, ...] = (
    Round(
        "sqlite-kill", "one node on a file, killed, frozen and restarted", "sqlite",
        _of(_NODES, _WORKERS, _WORKER_LINKS, _MQTT), swift=True, mqtt=True,
        every=1.8),
    Round(
        "sqlite-disk", "a disk that is full, hangs or fails under the file", "sqlite",
        _of({"disk-full": 3, "disk-freeze": 3, "disk-read-only": 2, "file-limit": 2, "node-kill": 2}, _WORKERS),
        disk=True, rate=20, every=1.5),
    Round(
        "redis-mixed", "three nodes on a Redis that syncs each write; everything breaks", "redis",
        _of(_NODES, _WORKERS, _LINKS, _WORKER_LINKS, _REDIS, _MQTT), nodes=2, swift=True, mqtt=True),
    Round(
        "redis-everysec", "power cuts that take the last two seconds", "redis",
        _of({"power-cut": 3, "node-kill": 2, "link-cut": 1, "redis-kill": 2}), nodes=2, fsync="everysec", every=1.5),
    Round(
        "sentinel", "a primary that is killed, frozen and replaced", "sentinel",
        _of({"primary-kill": 3, "primary-freeze": 2, "failover": 2, "sentinel-kill": 1, "node-kill": 1}), nodes=2,
        swift=True, every=3),
    Round(
        "kafka", "Kafka and Redis in turn gone", "redis",
        _of({"kafka-freeze": 2, "kafka-refuse": 2, "kafka-black-hole": 1, "kafka-cut": 1, "kafka-delay": 1,
             "kafka-half-close": 1, "redis-kill": 2, "redis-freeze": 1, "node-kill": 2, "node-restart": 1}),
        nodes=2, kafka=True, rate=20, every=1.5),
    Round(
        "remote", "workers over HTTP, killed, frozen and cut off; nodes that only serve", "redis",
        _of({"worker-kill": 4, "worker-freeze": 3, "worker-link-cut": 3, "worker-link-black-hole": 3,
             "worker-link-half-close": 2, "worker-link-delay": 2, "node-kill": 2, "node-restart": 1, "redis-kill": 1}),
        nodes=2, workers=4, runs_tasks=False),
    Round(
        "roll", "three nodes restarted in turn under load", "redis", {"node-restart": 1}, nodes=3, is_gentle=True,
        every=1, mix={"overlong": 0, "stubborn": 0}),
    Round(
        "clock", "wall clocks skewed by hours and stepped", "redis",
        _of({"clock-step": 6, "clock-skew": 3, "node-kill": 1, "redis-kill": 1}), nodes=3, clocks=True, every=0.7),
    Round(
        "recovery", "one kill at a time, to measure how fast the queue recovers", "redis",
        {"node-kill": 3, "redis-kill": 2}, nodes=3, rate=20, every=1, gap=6.5,
        mix={"long": 0.4, "keyed": 0.03, "overlong": 0, "stubborn": 0, "failing": 0}),
    Round(
        "soak", "everything at a calmer pace, for memory and descriptors", "redis",
        _of(_NODES, _WORKERS, _LINKS, _WORKER_LINKS, _REDIS, _MQTT), nodes=3, swift=True, mqtt=True, rate=45, every=2.5),
)

#: Not a round of its own: what it does must be found out, or the harness is blind.
SABOTAGE = Round(
    "sabotage", "a store that forgets what nobody is told of, and limits that are not enforced", "redis",
    {"forget": 1, "lift-limits": 1}, nodes=1, every=2, gap=2, mix={"long": 0.5, "overlong": 0, "stubborn": 0})
FOUND_BY_SABOTAGE = ("accepted_tasks_exist", "the_log_misses_nothing", "type_limits_hold", "overlaps_are_explained")

BY_NAME: Dict[str, Round] = {round.name: round for round in ALL}

#: The short rounds of CI: name, seed, and seconds of faults.
CI: Tuple[Tuple[str, int, float], ...] = (
    ("sqlite-kill", 2, 22), ("redis-mixed", 1, 25), ("remote", 3, 20), ("roll", 4, 18), ("clock", 5, 18),
    ("kafka", 6, 20),
)
