"""Real brokers: mosquitto, and the one that speaks Kafka's protocol and that scripts/setup-kafka installs."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Dict

from cluster.programs import ROOT, Missing, Program, free_port, installed, wait_for
from cluster.proxy import Proxy


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            return True
    except OSError:
        return False


class Mosquitto:
    """An MQTT broker that keeps its sessions across restarts."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        place = folder / "mosquitto"
        place.mkdir(parents=True, exist_ok=True)
        (place / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {place}/\nmax_queued_messages 0\nmax_inflight_messages 0\n"
            + ("user root\n" if os.getuid() == 0 else ""))
        self.program = Program(
            "mosquitto", [installed("mosquitto"), "-c", "mosquitto.conf"], place, log=folder / "mosquitto.log")

    def start(self) -> None:
        self.program.start()
        wait_for("mosquitto listens", lambda: _listens(self.port), 60)


class KafkaBroker:
    """An in-memory broker behind a proxy; a restart would lose its topics, so it is frozen or cut off, never killed."""

    TOPIC = "chaos-tasks"

    def __init__(self, folder: Path) -> None:
        tools = Path(os.environ.get("XQUEUE_KAFKA_TOOLS") or ROOT / ".build" / "kafka")
        program = tools / "bin" / "tansu"
        if not os.access(program, os.X_OK):
            raise Missing(f"{program} is missing; scripts/setup-kafka installs it")
        self.tools = tools
        port = free_port()
        self._port = port
        self.proxy = Proxy([port], "kafka")
        place = folder / "kafka"
        place.mkdir(parents=True, exist_ok=True)
        self.program = Program(
            "kafka", [
                str(program), "--listener-url", f"tcp://127.0.0.1:{port}", "--advertised-listener-url",
                f"tcp://127.0.0.1:{self.proxy.port}", "--storage-engine", "memory://tansu/",
            ], place, log=folder / "kafka.log")

    def start(self) -> None:
        self.proxy.start()
        self.program.start()
        wait_for("the Kafka broker listens", lambda: _listens(self._port), 60)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.proxy.port}"

    @property
    def environment(self) -> Dict[str, str]:
        """Makes the node use the librdkafka that is new enough for this broker."""
        return {"LD_LIBRARY_PATH": str(self.tools / "lib")}
