"""A wall clock of its own for a program, which can be skewed and stepped. Monotonic clocks are left alone."""

from __future__ import annotations

import mmap
import struct
import subprocess
from pathlib import Path
from typing import Dict

from cluster.programs import ROOT, installed

SOURCE = ROOT / "Tests" / "Clock" / "shift.c"


def build(folder: Path) -> Path:
    """Compiles the library to preload into ``folder`` and returns its path."""
    library = folder / "shift.so"
    if not library.exists():
        subprocess.run(
            [installed("cc", "gcc", "clang"), "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE)], check=True)
    return library


class Clock:
    """The wall clock of the programs that are started with its environment."""

    def __init__(self, name: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"clock-{name}"
        path.write_bytes(struct.pack("=q", 0))
        with open(path, "r+b") as file:
            self._page = mmap.mmap(file.fileno(), 8)
        self.environment: Dict[str, str] = {"LD_PRELOAD": str(build(folder)), "XQUEUE_CLOCK_SHIFT": str(path)}

    @property
    def offset(self) -> float:
        """Seconds that the clock is ahead."""
        return struct.unpack("=q", self._page[:8])[0] / 1000

    @offset.setter
    def offset(self, seconds: float) -> None:
        self._page[:8] = struct.pack("=q", round(seconds * 1000))
