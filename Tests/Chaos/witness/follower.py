"""Follows the event log through every reconnect, and writes down what it sees."""

from __future__ import annotations

import http.client
import json
import threading
import time
from typing import Dict, List, Optional, Tuple

from cluster.nodes import Node
from witness.records import Records


class Follower:
    """A reader of `GET /api/v1/events` that resumes at its cursor, at whichever node is up."""

    # The nodes send a sign of life every two seconds.
    SILENCE = 8.0

    def __init__(self, nodes: List[Node], records: Records) -> None:
        self._nodes = nodes
        self._records = records
        self._cursor: Optional[str] = None
        self._is_stopping = False
        self._connection: Optional[http.client.HTTPConnection] = None
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        #: The last version and status seen of each task.
        self.latest: Dict[str, Tuple[int, str]] = {}
        self.events = 0
        self.is_connected = False

    def start(self) -> None:
        """Starts at the beginning of the log, which must still be empty or complete."""
        self._cursor = "0"
        self._thread.start()

    def stop(self) -> None:
        self._is_stopping = True
        connection = self._connection
        if connection is not None and connection.sock is not None:
            try:
                connection.sock.shutdown(2)
            except OSError:
                pass
        self._thread.join(15)

    def _run(self) -> None:
        turn = 0
        while not self._is_stopping:
            node = self._nodes[turn % len(self._nodes)]
            turn += 1
            try:
                self._follow(node)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._records.add("follower", node=node.name, ended=f"{type(error).__name__}: {error}")
            self.is_connected = False
            time.sleep(0.1)

    def _follow(self, node: Node) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=self.SILENCE)
        try:
            self._connection.request(
                "GET", f"/api/v1/events?after={self._cursor}", headers={"Accept": "text/event-stream"})
            response = self._connection.getresponse()
            if response.status != 200:
                response.read()
                raise ValueError(f"status {response.status}")
            self._records.add("follower", node=node.name, after=self._cursor)
            self.is_connected = True
            while not self._is_stopping:
                line = response.readline()
                # A line that a kill has cut is repeated after the cursor.
                if not line.endswith(b"\n"):
                    raise ConnectionError("the stream ended")
                if line.startswith(b"data: "):
                    self._take(json.loads(line[6:]), node)
        finally:
            self._connection.close()

    def _take(self, event: dict, node: Node) -> None:
        self._records.add("events", node=node.name, e=event)
        if event.get("cursor"):
            self._cursor = event["cursor"]
        if event.get("event") == "status":
            self.events += 1
            self.latest[event["task_id"]] = (event["version"], event["status"])
