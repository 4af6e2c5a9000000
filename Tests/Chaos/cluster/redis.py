"""Real Redis servers: alone, or as a trio that three Sentinels watch."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

from cluster.programs import Program, free_port, installed, wait_for


class RedisError(Exception):
    """An error reply."""


def command(port: int, *words: Any, timeout: float = 5.0) -> Any:
    """Sends one command over a connection of its own and returns the reply.

    :raises OSError: if there is no reply.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        parts = [str(word).encode() for word in words]
        connection.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        with connection.makefile("rb") as reader:
            return _reply(reader)


def _reply(reader) -> Any:  # noqa: ANN001
    line = reader.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("the connection ended within a reply")
    kind, rest = line[:1], line[1:-2]
    if kind == b"+":
        return rest.decode()
    if kind == b"-":
        raise RedisError(rest.decode())
    if kind == b":":
        return int(rest)
    if kind == b"$":
        length = int(rest)
        return None if length < 0 else reader.read(length + 2)[:-2].decode(errors="replace")
    if kind == b"*":
        return None if int(rest) < 0 else [_reply(reader) for _ in range(int(rest))]
    raise RedisError(f"unexpected reply {line!r}")


class Redis:
    """A redis-server that keeps its port and its append-only file across restarts."""

    def __init__(
        self, name: str, folder: Path, *, fsync: str = "always", options: Optional[List[str]] = None,
        environment: Optional[Dict[str, str]] = None,
    ) -> None:
        self.name = name
        self.port = free_port()
        self.folder = folder / name
        self.program = Program(
            name, [
                installed("redis-server", "valkey-server"), "--port", str(self.port), "--bind", "127.0.0.1",
                "--appendonly", "yes", "--appendfsync", fsync, "--save", "", "--aof-load-truncated", "yes",
                "--maxmemory-policy", "noeviction", *(options or []),
            ], self.folder, environment=environment, log=folder / f"{name}.log")

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self.program.start()

    def wait_until_ready(self, within: float = 60.0) -> float:
        """Waits until the server has loaded its data; returns the monotonic time when it had."""
        wait_for(f"{self.name} replies to PING", self.is_ready, within, pause=0.01)
        return time.monotonic()

    def is_ready(self) -> bool:
        return self.try_command("PING") == "PONG"

    def try_command(self, *words: Any) -> Any:
        """Sends a command; returns None if the server is down, frozen or loading."""
        try:
            return command(self.port, *words, timeout=2.0)
        except (OSError, RedisError):
            return None

    def log_files(self) -> List[Path]:
        """The growing parts of the append-only file."""
        return sorted(self.folder.glob("appendonlydir/*.incr.aof")) or sorted(self.folder.glob("appendonly.aof"))


class SentinelTrio:
    """One primary, two replicas, and three Sentinels that replace the primary when it fails."""

    MASTER = "chaos"

    def __init__(self, folder: Path) -> None:
        options = ["--repl-diskless-sync-delay", "0", "--repl-timeout", "10", "--repl-backlog-size", "16mb"]
        self.servers = [Redis(f"redis-{number}", folder, options=options) for number in range(1, 4)]
        self.sentinels: List[Program] = []
        self.ports: List[int] = []
        for number in range(1, 4):
            port = free_port()
            place = folder / f"sentinel-{number}"
            place.mkdir(parents=True, exist_ok=True)
            (place / "sentinel.conf").write_text(
                f"port {port}\nbind 127.0.0.1\ndir {place}\n"
                f"sentinel monitor {self.MASTER} 127.0.0.1 {self.servers[0].port} 2\n"
                f"sentinel down-after-milliseconds {self.MASTER} 1000\n"
                f"sentinel failover-timeout {self.MASTER} 5000\n")
            self.ports.append(port)
            self.sentinels.append(Program(
                f"sentinel-{number}", [installed("redis-sentinel", "valkey-sentinel"), "sentinel.conf"], place,
                log=folder / f"sentinel-{number}.log"))

    def start(self) -> None:
        for server in self.servers:
            server.start()
        for server in self.servers:
            server.wait_until_ready()
        for replica in self.servers[1:]:
            command(replica.port, "REPLICAOF", "127.0.0.1", self.servers[0].port)
        wait_for("the replicas are connected", lambda: self._replicas(self.servers[0]) == 2, 60)
        for sentinel in self.sentinels:
            sentinel.start()
        wait_for("the Sentinels know each other", self._is_watched, 60)

    @staticmethod
    def _replicas(server: Redis) -> int:
        lines = (server.try_command("INFO", "replication") or "").splitlines()
        return sum("state=online" in line for line in lines)

    def _is_watched(self) -> bool:
        for port in self.ports:
            try:
                facts = command(port, "SENTINEL", "MASTER", self.MASTER, timeout=2.0)
            except (OSError, RedisError):
                return False
            table = dict(zip(facts[::2], facts[1::2]))
            if table.get("num-other-sentinels") != "2" or table.get("num-slaves") != "2":
                return False
        return True

    def primary(self) -> Optional[Redis]:
        """The server that most Sentinels name; None if they cannot be asked."""
        votes: Dict[int, int] = {}
        for port in self.ports:
            try:
                _, named = command(port, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.MASTER, timeout=2.0)
                votes[int(named)] = votes.get(int(named), 0) + 1
            except (OSError, RedisError, TypeError, ValueError):
                continue
        for server in self.servers:
            if votes.get(server.port, 0) >= 2:
                return server
        return None

    def is_whole(self) -> bool:
        """Whether one primary serves two connected replicas."""
        primary = self.primary()
        return primary is not None and primary.is_ready() and self._replicas(primary) == 2

    @property
    def addresses(self) -> str:
        return ",".join(f"127.0.0.1:{port}" for port in self.ports)
