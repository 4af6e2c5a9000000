"""Everything that a round starts: nodes, stores, brokers, workers, and what stands between them."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from cluster import api
from cluster.brokers import KafkaBroker, Mosquitto
from cluster.clock import Clock
from cluster.disk import Disk
from cluster.nodes import Node, swift_program
from cluster.programs import Missing, Program, end_all_of, wait_for
from cluster.proxy import Proxy
from cluster.redis import Redis, SentinelTrio
from cluster.workers import RemoteWorker, WebhookService, build_attempt, handlers_section
from load.mix import EXEC_TYPES, REMOTE_TYPES, SWIFT_TYPES, WEBHOOK_TYPES
from rounds import Round
from witness.records import Records

#: Seconds between heartbeats of nodes; a lease lasts three times as long.
HEARTBEAT = 1.0
GRACE = 4.0


class Cluster:
    """Starts what a round needs, and ends it."""

    def __init__(self, round: Round, seed: int, records: Records) -> None:
        """
        :param seed: With an odd one, the node of a file is XQueueChaosNode instead of `xqueue serve`, if it is built.
        """
        self.round = round
        self.records = records
        #: What this machine lacks, so that a part of the round is left out.
        self.skipped: List[str] = []
        tools = records.folder / "tools"
        tools.mkdir(exist_ok=True)
        logs = records.logs
        self.redis: Optional[Redis] = None
        self.trio: Optional[SentinelTrio] = None
        self.kafka: Optional[KafkaBroker] = None
        self.mqtt: Optional[Mosquitto] = None
        self.disk: Optional[Disk] = None
        self.webhook: Optional[WebhookService] = None
        self.links: Dict[str, Proxy] = {}
        self.clocks: Dict[str, Clock] = {}
        self.nodes: List[Node] = []
        self.workers: List[RemoteWorker] = []
        self._tools = tools
        #: The program of the exec handlers.
        self.attempt = tools / "attempt"

        if round.disk:
            self.disk = Disk(records.folder)
            if self.disk.kind != "ext4":
                self.skipped.append("disk-freeze and disk-read-only: no ext4 can be mounted here")
        self._has_swift = round.swift and swift_program() is not None
        if round.swift and not self._has_swift:
            self.skipped.append("handlers in Swift: XQueueChaosNode is not built")
        # Only one program at a time uses a file.
        self._is_embedded = self._has_swift and round.store == "sqlite" and seed % 2 == 1
        self._runs_programs = round.runs_tasks and not self._is_embedded
        if round.mqtt and not self._is_embedded:
            self.mqtt = Mosquitto(logs)
        if round.kafka:
            self.kafka = KafkaBroker(logs)
        if round.store == "sentinel":
            self.trio = SentinelTrio(logs)
        elif round.store == "redis":
            clock = self._clock("redis")
            self.redis = Redis(
                "redis", logs, fsync=round.fsync, options=["--auto-aof-rewrite-percentage", "0"],
                environment=clock.environment if clock else None)
        if self._runs_programs:
            self.webhook = WebhookService(logs, records.diaries)
        self._make_nodes()
        for number in range(1, round.workers + 1):
            first = (number - 1) % len(self.nodes)
            self.workers.append(RemoteWorker(
                f"worker-{number}", logs, records.diaries, self.nodes[first:] + self.nodes[:first], sorted(REMOTE_TYPES)))

    # Making nodes

    def _clock(self, name: str) -> Optional[Clock]:
        if not self.round.clocks:
            return None
        clock = self.clocks[name] = Clock(name, self._tools)
        return clock

    def _make_nodes(self) -> None:
        for number in range(1, self.round.nodes + 1):
            self._add_node(f"node-{number}", self._is_embedded)
        if self._has_swift and self.round.store != "sqlite":
            self._add_node(f"node-{self.round.nodes + 1}", True)

    def _add_node(self, name: str, is_swift: bool) -> None:
        logs = self.records.logs
        settings: Dict[str, Any] = {
            "queue.heartbeat_interval": f"{HEARTBEAT:g}s", "queue.grace_period": f"{GRACE:g}s",
            "queue.stop_period": "1s", "queue.poll_interval": "1s", "queue.max_concurrency": 50,
            **self._store_settings(name),
        }
        environment: Dict[str, str] = {}
        clock = self._clock(name)
        if clock:
            environment.update(clock.environment)
        if is_swift:
            settings["diary"] = self.records.diaries / name
            self.nodes.append(Node(name, logs, settings, is_swift=True, environment=environment))
            return
        settings.update({"example.enabled": "false", "log.format": "json", "events.max_count": 5_000_000})
        if self.mqtt:
            settings["mqtt.broker"] = f"tcp://127.0.0.1:{self.mqtt.port}"
        if self.kafka:
            environment.update(self.kafka.environment)
            settings.update({
                "kafka.brokers": self.kafka.address, "kafka.topic": self.kafka.TOPIC, "kafka.delivery_timeout": "8s"})
        handlers, arguments = "", []
        if self.round.runs_tasks:
            handlers = handlers_section(
                EXEC_TYPES, WEBHOOK_TYPES, build_attempt(self._tools), self.records.diaries / f"exec-{name}",
                self.webhook)
        else:
            arguments = ["--no-workers"]
        self.nodes.append(Node(
            name, logs, settings, handlers=handlers, arguments=arguments, environment=environment,
            disk_faults=self.disk is not None))

    def _store_settings(self, name: str) -> Dict[str, Any]:
        if self.trio:
            return {"redis.sentinel.addrs": self.trio.addresses, "redis.sentinel.master": self.trio.MASTER}
        if self.redis:
            # Each node has a way of its own to Redis, which can be cut.
            link = self.links[name] = Proxy([self.redis.port], name)
            return {
                "redis.addr": f"127.0.0.1:{link.port}", "redis.command_timeout": "3s", "redis.connect_timeout": "3s"}
        place = self.disk.store if self.disk else self.records.folder / "store"
        # `xqueue serve` makes the folder; the library expects it.
        place.mkdir(mode=0o700, exist_ok=True)
        return {"store.path": place / "queue.db"}

    # Types

    @property
    def types(self) -> Dict[str, Optional[int]]:
        """The types that this cluster serves, with their limits."""
        types: Dict[str, Optional[int]] = {}
        if self._runs_programs:
            types.update(EXEC_TYPES)
            types.update(WEBHOOK_TYPES)
        if self.workers:
            types.update(REMOTE_TYPES)
        if any(node.is_swift for node in self.nodes):
            types.update(SWIFT_TYPES)
        return types

    # Life

    def start(self) -> None:
        for store in (self.trio, self.redis, self.mqtt, self.kafka):
            if store:
                store.start()
        if self.redis:
            self.redis.wait_until_ready()
        for link in self.links.values():
            link.start()
        if self.webhook:
            self.webhook.program.start()
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.wait_until_ready()
        for type, limit in REMOTE_TYPES.items():
            if limit and self.workers:
                api.call(self.nodes[0].port, "PUT", f"/api/v1/types/{type}/limit?create=true", {"max_concurrency": limit})
        for worker in self.workers:
            worker.start()
        wait_for("all types are served", self._is_served, 120)

    def _is_served(self) -> bool:
        answer = api.get(self.nodes[0].port, "/api/v1/types") or {}
        served = {each["type"] for each in answer.get("types", []) if each["has_handler"]}
        return served.issuperset(self.types)

    @property
    def programs(self) -> List[Program]:
        stores = [server.program for server in self.servers] + [
            each.program for each in (self.mqtt, self.kafka, self.webhook) if each]
        if self.trio:
            stores += self.trio.sentinels
        return stores + [node.program for node in self.nodes] + [worker.program for worker in self.workers]

    @property
    def servers(self) -> List[Redis]:
        return self.trio.servers if self.trio else [self.redis] if self.redis else []

    @property
    def proxies(self) -> List[Proxy]:
        return list(self.links.values()) + [worker.proxy for worker in self.workers] + (
            [self.kafka.proxy] if self.kafka else [])

    def node(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    def worker(self, name: str) -> RemoteWorker:
        return next(worker for worker in self.workers if worker.program.name == name)

    def heal(self) -> None:
        """Ends every fault, whatever state it is in: all programs run, all connections carry."""
        if self.disk:
            self.disk.heal()
        for proxy in self.proxies:
            proxy.heal()
        for clock in self.clocks.values():
            clock.offset = 0
        for program in self.programs:
            program.thaw()
            program.notice_end()
            program.start()
        for server in self.servers:
            server.wait_until_ready()
            server.try_command("CONFIG", "SET", "maxmemory", "0")

    def stop(self) -> None:
        """Ends everything. Nodes and workers go first, so that their ends stay quiet."""
        for program in self.programs:
            program.thaw()
        first = [worker.program for worker in self.workers] + [node.program for node in self.nodes]
        for program in first:
            program.ask_to_stop()
        for program in first:
            program.stop(20)
        self.end()

    def end(self) -> None:
        """Kills everything that still runs, for good."""
        for program in self.programs:
            program.retire()
        end_all_of(self.attempt)
        for proxy in self.proxies:
            proxy.stop()
        if self.disk:
            self.disk.remove(kept=self.records.folder / "store")
            self.disk = None


__all__ = ["Cluster", "Missing", "GRACE", "HEARTBEAT"]
