"""What runs the tasks besides the nodes: the exec program, the webhook service, and workers over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import List, Mapping, Optional, Sequence

from cluster.nodes import Node
from cluster.programs import ROOT, Program, free_port, installed
from cluster.proxy import Proxy

HANDLERS = ROOT / "Tests" / "Chaos" / "handlers"


def build_attempt(folder: Path) -> Path:
    """Compiles the program of the exec handlers into ``folder`` and returns its path."""
    path = folder / "attempt"
    if not path.exists():
        subprocess.run(
            [installed("cc", "gcc", "clang"), "-O2", "-o", str(path), str(HANDLERS / "attempt.c")], check=True)
    return path


class WebhookService:
    def __init__(self, folder: Path, diaries: Path) -> None:
        self.port = free_port()
        self.program = Program(
            "webhook", [sys.executable, str(HANDLERS / "webhook.py"), str(self.port), str(diaries / "webhook")],
            folder / "webhook", log=folder / "webhook.log")


class RemoteWorker:
    """A worker over HTTP, which reaches the nodes through a proxy of its own: the first one that is up."""

    def __init__(
        self, name: str, folder: Path, diaries: Path, nodes: Sequence[Node], types: List[str], concurrency: int = 8
    ) -> None:
        self.proxy = Proxy([node.port for node in nodes], name)
        self.program = Program(
            name, [
                sys.executable, str(HANDLERS / "worker.py"), f"http://127.0.0.1:{self.proxy.port}", name,
                str(diaries / name), str(concurrency), *types,
            ], folder / name, log=folder / f"{name}.log")

    def start(self) -> None:
        self.proxy.start()
        self.program.start()


def handlers_section(
    exec_types: Mapping[str, Optional[int]], webhook_types: Mapping[str, Optional[int]], attempt: Path,
    diary: Path, webhook: Optional[WebhookService],
) -> str:
    """The section ``handlers`` of a node's file; the types come with their limits."""
    lines = ["handlers:"]
    for type, limit in exec_types.items():
        lines.append(f"  {type}: {{ exec: {json.dumps([str(attempt), str(diary)])}{_limit(limit)} }}")
    for type, limit in webhook_types.items():
        assert webhook is not None
        lines.append(
            f"  {type}: {{ webhook: \"http://127.0.0.1:{webhook.port}/\", timeout: 30s{_limit(limit)} }}")
    return "\n".join(lines) + "\n"


def _limit(limit: Optional[int]) -> str:
    return "" if limit is None else f", max_concurrency: {limit}"
