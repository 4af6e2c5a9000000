"""Runs one round: starts it, loads it, breaks it, lets it drain, and has it checked."""

from __future__ import annotations

import random
import shutil
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from checker.reading import read
from checker.verdict import Verdict, judge
from cluster import api
from cluster.cluster import GRACE, HEARTBEAT, Cluster
from cluster.disk import Disk
from cluster.nodes import program
from cluster.programs import Missing, TimedOut, wait_for
from faults import plan
from faults.executor import Executor, targets
from load.load import Load
from load.mix import Mix
from load.schedules import Schedules
from rounds import Round
from witness.follower import Follower
from witness.gauges import Gauges
from witness.mqtt import Subscriber, last_versions
from witness.records import Records

#: Seconds without faults at the begin, so that there is something to break.
WARM_UP = 1.5
#: How long the queue may take to drain after the last fault is healed, in seconds.
DRAIN_BOUND = 90.0
#: Seconds without a running attempt after which the cluster is at rest.
REST = 4.0


class Run:
    def __init__(self, round: Round, seed: int, seconds: float, folder: Path, *, live: Callable[[str], None]) -> None:
        self.round = round
        self.seed = seed
        self.seconds = seconds
        self.records = Records(folder)
        self._live = live
        #: Freezes and black holes are shorter in short rounds.
        self.longest = max(4.0, min(40.0, seconds / 4))
        self.cluster: Optional[Cluster] = None
        self._is_done = False

    def run(self) -> Verdict:
        """
        :raises Missing: if something that the round needs is not installed.
        :raises KeyboardInterrupt: after everything has been ended.
        """
        began = time.monotonic()
        try:
            self.cluster = cluster = Cluster(self.round, self.seed, self.records)
            self._live("starting")
            cluster.start()
            self._perform(cluster)
            cluster.stop()
        finally:
            if self.cluster is not None:
                self.cluster.end()
            self.records.close()
        self._live("checking")
        verdict = judge(read(self.records.folder), seconds=time.monotonic() - began)
        self.records.write("verdict", verdict.facts())
        return verdict

    def _perform(self, cluster: Cluster) -> None:
        round, records = self.round, self.records
        mix = Mix(cluster.types, **round.mix)
        # A node answers only after `kafka.delivery_timeout` that Kafka has not taken a task.
        load = Load(cluster.nodes, mix, round.rate, self.seed, records, timeout=12.0 if round.kafka else 6.0)
        follower = Follower(cluster.nodes, records)
        subscriber = Subscriber(cluster.mqtt, records) if cluster.mqtt else None
        gauges = Gauges(cluster.programs, records, [node.program for node in cluster.nodes])
        faults = plan.draw(
            round.faults, targets(cluster), self.seconds, round.every, self.seed, self.longest, round.gap)
        records.write("plan", [fault.facts() for fault in faults])
        executor = Executor(cluster, faults)
        schedules = Schedules(cluster.nodes, cluster.types, records)
        gauges.sample("base")
        for part in (gauges, follower, subscriber):
            if part:
                part.start()
        # Their first ticks may come at once, and the witnesses must see them.
        schedules.make()
        load.start()
        start = time.monotonic() + WARM_UP
        self._describe(cluster)
        self._watch(executor, load, follower, start)
        executor.run(start, lambda: time.monotonic() > start + self.seconds)
        load.stop_pacing()
        cluster.heal()
        self._is_done = True
        records.add("phases", phase="healed", errors=executor.errors)
        schedules.pause()
        self._drain(cluster, load, follower)
        load.stop()
        self._settle(cluster, follower, subscriber, gauges)
        self._snapshot(cluster, load)
        for part in (follower, subscriber, gauges):
            if part:
                part.stop()

    def _describe(self, cluster: Cluster) -> None:
        self.records.write("round", {
            "name": self.round.name, "seed": self.seed, "seconds": self.seconds, "program": str(program()),
            "python": sys.version.split()[0], "heartbeat": HEARTBEAT, "lease": 3 * HEARTBEAT, "grace": GRACE,
            "type_limits": cluster.types, "skipped": cluster.skipped, "can_lose": self.round.can_lose,
            "is_gentle": self.round.is_gentle, "store": self.round.store, "mqtt": cluster.mqtt is not None,
            "kafka": self.round.kafka, "clocks": self.round.clocks, "nodes": [node.name for node in cluster.nodes],
            "workers": [worker.program.name for worker in cluster.workers], "drain_bound": DRAIN_BOUND,
            "wall": time.time() - time.monotonic(),
        })

    def _watch(self, executor: Executor, load: Load, follower: Follower, start: float) -> None:
        """Prints a line now and then while faults happen."""
        def show() -> None:
            while not self._is_done:
                now = time.monotonic() - start
                self._live(
                    f"{max(now, 0):3.0f}/{self.seconds:.0f} s  {load.submitted} tasks  {follower.events} events  "
                    f"{sum(executor.counts.values())} faults  {load.unsettled} in doubt  {executor.last}")
                time.sleep(0.5)
        threading.Thread(target=show, name="live", daemon=True).start()

    def _drain(self, cluster: Cluster, load: Load, follower: Follower) -> None:
        began = time.monotonic()

        def is_drained() -> bool:
            stats = self._stats(cluster)
            if load.unsettled or not stats:
                return False
            intake = stats.get("intake") or {}
            left = stats["pending_tasks"] + stats["processing_tasks"] + (intake.get("lag") or 0)
            self._live(f"draining  {left} left")
            return left == 0
        try:
            wait_for("the queue has drained", is_drained, DRAIN_BOUND + 60, pause=0.2)
            took: Optional[float] = round(time.monotonic() - began, 3)
        except TimedOut:
            took = None
        self.records.add("phases", phase="drained", took=took, unsettled=load.unsettled)

    @staticmethod
    def _stats(cluster: Cluster) -> Optional[Dict[str, Any]]:
        # A node that was started again may still be on its way; any other can be asked.
        for node in cluster.nodes:
            stats = api.get(node.port, "/api/v1/stats", timeout=3.0)
            if stats:
                return stats
        return None

    def _settle(
        self, cluster: Cluster, follower: Follower, subscriber: Optional[Subscriber], gauges: Gauges
    ) -> None:
        """Waits until the witnesses have seen everything and the programs have come to rest."""
        self._live("settling")
        tasks = {task["id"]: task["version"] for task in _all_tasks(cluster)}

        def has_seen_all() -> bool:
            return all(follower.latest.get(id, (0, ""))[0] >= version for id, version in tasks.items())

        def was_told_all() -> bool:
            told = last_versions(self.records.folder / "mqtt.log")
            return all(told.get(id, 0) >= version for id, version in tasks.items())
        for what, condition in (("follower", has_seen_all), ("subscriber", was_told_all)):
            if what == "subscriber" and subscriber is None:
                continue
            try:
                wait_for(what, condition, 60, pause=0.3)
            except TimedOut:
                self.records.add("phases", phase=f"{what} is behind")
        # A node closes a sender's idle connection by itself, but not within a round.
        api.close_all()
        busy_at = time.monotonic()

        def is_at_rest() -> bool:
            # A node counts a remote worker's attempt that ended at another node until its lease would have expired.
            nonlocal busy_at
            if not self._is_idle(cluster):
                busy_at = time.monotonic()
            return time.monotonic() - busy_at >= REST
        wait_for("nothing runs", is_at_rest, 60, pause=0.3)
        gauges.sample("idle")

    def _is_idle(self, cluster: Cluster) -> bool:
        stats = self._stats(cluster)
        return bool(stats) and stats["active_workers"] == 0

    def _snapshot(self, cluster: Cluster, load: Load) -> None:
        stats = self._stats(cluster)
        self.records.write("stats", stats)
        for task in _all_tasks(cluster):
            self.records.add("tasks", task=task)
        self.records.write("accepted", sorted(load.accepted))


def _all_tasks(cluster: Cluster) -> List[Dict[str, Any]]:
    """Every task of the queue, newest first."""
    for node in cluster.nodes:
        tasks: List[Dict[str, Any]] = []
        after = ""
        while True:
            page = api.get(node.port, f"/api/v1/tasks?limit=1000{after}", timeout=30)
            if page is None:
                break
            tasks += page["tasks"]
            if not page["next"]:
                return tasks
            after = f"&after={page['next']}"
    raise TimedOut("no node listed the tasks")


def run_round(
    round: Round, seed: int, seconds: float, root: Path, *, live: Callable[[str], None], rate: Optional[float] = None
) -> Verdict:
    """Runs a round in a fresh folder of ``root``, and removes what is of no use once it has passed."""
    if rate:
        round = replace(round, rate=rate)
    folder = root / f"{round.name}-{seed}"
    if folder.exists():
        Disk.clear(folder)
        shutil.rmtree(folder)
    random.seed(seed)
    return Run(round, seed, seconds, folder, live=live).run()


__all__ = ["Missing", "run_round"]
