"""A subscriber of the MQTT broker with a durable session: what its messages said, in order."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from pathlib import Path
from typing import Dict

from cluster.brokers import Mosquitto
from cluster.programs import Program, installed, wait_for
from witness.records import Records


class Subscriber:
    """`mosquitto_sub` with quality of service 1, started again whenever the broker's end has ended it."""

    def __init__(self, broker: Mosquitto, records: Records) -> None:
        self._path = records.folder / "mqtt.log"
        self._program = Program(
            "mosquitto_sub", [
                installed("mosquitto_sub"), "-p", str(broker.port), "-q", "1", "-i", "chaos-witness", "-c", "-k", "10",
                "-t", "task/status/+", "-F", "%p",
            ], records.folder, log=self._path)
        self._publish = [installed("mosquitto_pub"), "-p", str(broker.port), "-q", "1"]
        self._is_stopping = False
        self._thread = threading.Thread(target=self._keep, name="subscriber", daemon=True)

    def start(self) -> None:
        """Starts, and waits until the subscription holds: a message has come through."""
        self._program.start()
        self._thread.start()
        wait_for("the subscription holds", self._hears, 60)

    def _hears(self) -> bool:
        subprocess.run([*self._publish, "-t", "task/status/probe", "-m", '{"probe": true}'], check=False, timeout=30)
        return "probe" in self._program.output

    def _keep(self) -> None:
        while not self._is_stopping:
            if not self._program.is_running and not self._is_stopping:
                self._program.start()
            time.sleep(0.5)

    def stop(self) -> None:
        self._is_stopping = True
        self._thread.join(10)
        self._program.kill()


def last_versions(path: Path) -> Dict[str, int]:
    """The last version that a subscriber's file has of each task."""
    latest: Dict[str, int] = {}
    if path.exists():
        for line in path.read_text(errors="replace").splitlines():
            try:
                message = json.loads(line)
                latest[message["task_id"]] = message["version"]
            except (ValueError, KeyError, TypeError):
                # The probe, or what mosquitto_sub says about a lost connection.
                continue
    return latest
