"""What a run of rounds prints: a live line, a table, and what was violated."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from typing import Callable, List

from checker.laws.recovery import percentile
from checker.verdict import Verdict


class Live:
    """One line that is written over on a terminal, and now and then a new one elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stdout.isatty()
        self._last = ""
        self._width = 0
        self._lock = threading.Lock()

    def show(self, name: str) -> Callable[[str], None]:
        def show(text: str) -> None:
            with self._lock:
                line = f"{name:<15} {text}"
                if self._is_terminal:
                    print("\r" + line[:118].ljust(self._width), end="", flush=True)
                    self._width = min(len(line), 118)
                elif text.split(" ")[0] != self._last and not text[:3].strip().isdigit():
                    self._last = text.split(" ")[0]
                    print(line, flush=True)
        return show

    def clear(self) -> None:
        with self._lock:
            if self._is_terminal and self._width:
                print("\r" + " " * self._width + "\r", end="", flush=True)
                self._width = 0


def _times(values: List[float]) -> str:
    if not values:
        return "-"
    return f"{percentile(values, 0.5):.2f}/{percentile(values, 0.99):.2f}"


def table(verdicts: List[Verdict]) -> str:
    """A line for each round; times to recover are p50/p99 in seconds, of kills with a healthy store and of all kills."""
    head = ("round", "seed", "s", "tasks", "runs", "faults", "violations", "explained", "drain s", "node s", "all kills",
            "redis s")
    rows = [
        (verdict.name, str(verdict.seed), f"{verdict.seconds:.0f}", str(verdict.tasks), str(verdict.runs),
         str(sum(verdict.faults.values())), str(sum(verdict.counts.values())), str(sum(verdict.explained.values())),
         "-" if verdict.drained is None else f"{verdict.drained:.1f}", _times(verdict.node_recoveries),
         _times(verdict.all_node_recoveries), _times(verdict.redis_recoveries))
        for verdict in verdicts]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [
        "  ".join(text.ljust(width) if column == 0 else text.rjust(width)
                  for column, (text, width) in enumerate(zip(row, widths)))
        for row in [head, *rows]]
    faults: Counter = Counter()
    explained: Counter = Counter()
    for verdict in verdicts:
        faults.update(verdict.faults)
        explained.update(verdict.explained)
    lines.append("")
    lines.append("faults     " + (", ".join(f"{kind} {count}" for kind, count in sorted(faults.items())) or "none"))
    if explained:
        lines.append("explained  " + "; ".join(f"{what}: {count}" for what, count in sorted(explained.items())))
    lines.append(
        f"sum        {sum(verdict.tasks for verdict in verdicts)} tasks, {sum(faults.values())} faults, "
        f"{sum(sum(verdict.counts.values()) for verdict in verdicts)} violations")
    return "\n".join(lines)


def violations(verdict: Verdict) -> str:
    """What was violated, the first of each law, and how to look at it again."""
    lines = [f"{verdict.name}, seed {verdict.seed}: {sum(verdict.counts.values())} violations"]
    for law, count in sorted(verdict.counts.items()):
        lines.append(f"  {law} ({count})")
        for violation in [each for each in verdict.violations if each.law == law][:5]:
            lines.append(f"    {violation.subject}: {violation.message}")
    lines.append(f"  kept in {verdict.folder}")
    lines.append(f"  again: make chaos ROUND={verdict.name} SEED={verdict.seed} MINUTES={verdict.planned / 60:.4g}")
    lines.append(f"  check only: scripts/chaos --check {verdict.folder}")
    return "\n".join(lines)
