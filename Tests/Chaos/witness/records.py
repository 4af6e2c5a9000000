"""The files that a round writes and that the checker reads: one JSON object a line, with the monotonic time in ``t``."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any, Dict, IO, Optional


class Records:
    """A round's folder. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.diaries = folder / "diaries"
        self.logs = folder / "logs"
        for place in (folder, self.diaries, self.logs):
            place.mkdir(parents=True, exist_ok=True)
        self._files: Dict[str, IO[str]] = {}
        self._lock = threading.Lock()

    def add(self, name: str, **facts: Any) -> None:
        """Appends a line to NAME.jsonl."""
        line = json.dumps({"t": round(time.monotonic(), 6), **facts}, ensure_ascii=False) + "\n"
        with self._lock:
            file = self._files.get(name)
            if file is None:
                file = self._files[name] = open(self.folder / f"{name}.jsonl", "a", encoding="utf-8", buffering=1 << 16)
            file.write(line)

    def write(self, name: str, value: Any) -> None:
        """Writes NAME.json."""
        (self.folder / f"{name}.json").write_text(json.dumps(value, indent=1) + "\n")

    def note_loss(self, begin: float, end: float, why: str) -> None:
        """Records a time in which the store was made to forget what it had acknowledged."""
        self.add("losses", begin=begin, end=end, why=why)

    def flush(self) -> None:
        with self._lock:
            for file in self._files.values():
                file.flush()

    def close(self) -> None:
        with self._lock:
            for file in self._files.values():
                file.close()
            self._files.clear()


def load_lines(path: Path) -> list:
    """The objects of a .jsonl file; an empty list if it does not exist."""
    if not path.exists():
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def load(path: Path) -> Optional[Any]:
    return json.loads(path.read_text()) if path.exists() else None
