"""Nodes: real `xqueue serve` processes, or the Swift program that embeds the queue."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

from cluster import api
from cluster.programs import ROOT, Missing, Program, free_port, wait_for


def program() -> Path:
    """The program under test: $XQUEUE_PROGRAM, else a release build, else a debug build."""
    named = os.environ.get("XQUEUE_PROGRAM")
    places = [Path(named)] if named else [ROOT / ".build" / kind / "xqueue" for kind in ("release", "debug")]
    for place in places:
        if os.access(place, os.X_OK):
            return place.resolve()
    raise Missing(f"none of {', '.join(map(str, places))} is there; run `make release`")


def swift_program() -> Optional[Path]:
    """XQueueChaosNode, whose handlers are written in Swift; None if it is not built."""
    named = os.environ.get("XQUEUE_CHAOS_NODE")
    # Of the same build as the other nodes, if it is there: another version may not know what they write.
    places = [Path(named)] if named else [
        program().with_name("XQueueChaosNode"),
        *(ROOT / ".build" / kind / "XQueueChaosNode" for kind in ("release", "debug"))]
    return next((place.resolve() for place in places if os.access(place, os.X_OK)), None)


class Node:
    """A node with a port, a folder and settings that it keeps across restarts."""

    def __init__(
        self, name: str, folder: Path, settings: Mapping[str, Any], *, handlers: str = "", is_swift: bool = False,
        arguments: Optional[List[str]] = None, environment: Optional[Dict[str, str]] = None, disk_faults: bool = False,
    ) -> None:
        """
        :param settings: Values by key of docs/configuration.md.
        :param handlers: The section ``handlers`` of its file, as YAML.
        :param is_swift: Whether this is XQueueChaosNode, which takes the settings that it knows.
        """
        self.name = name
        self.port = free_port()
        self.is_swift = is_swift
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        if handlers:
            (place / "xqueue.yaml").write_text(handlers)
        values = {"server.port": self.port, "server.stream_heartbeat": "2s", **settings}
        flags = [word for key, value in values.items() for word in (_flag(key), str(value))]
        if is_swift:
            found = swift_program()
            if found is None:
                raise Missing("XQueueChaosNode is not built; run `scripts/build-release XQueueChaosNode`")
            command = [str(found), *flags, *(arguments or [])]
        else:
            command = [str(program()), "serve", *flags, *(arguments or [])]
        # Otherwise the kernel would end a program whose file exceeds its limit.
        ignored = [25] if disk_faults else []
        self.program = Program(
            name, command, place, environment=environment, log=folder / f"{name}.log", ignored_signals=ignored)

    def start(self) -> None:
        self.program.start()

    def is_ready(self) -> bool:
        try:
            return api.call(self.port, "GET", "/readyz", timeout=3.0)[0] == 200
        except api.NoAnswer:
            return False

    def wait_until_ready(self, within: float = 120.0) -> None:
        def look() -> bool:
            how = self.program.notice_end()
            if how:
                raise Missing(f"{self.name} ended {how} at its start: {self.program.output[-1500:]}")
            return self.is_ready()
        wait_for(f"{self.name} is ready", look, within)


def _flag(key: str) -> str:
    return "--" + key.replace(".", "-").replace("_", "-")
