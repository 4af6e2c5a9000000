"""A round's verdict: what the laws say of its history."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Dict, List

import checker.laws  # noqa: F401  adds the laws
from checker.history import History
from checker.law import LAWS, Violation
from checker.laws.recovery import node_recoveries, redis_recoveries

#: A law that is broken a thousand times is told a few times.
_TOLD = 20


@dataclass
class Verdict:
    name: str
    seed: int
    folder: str
    #: How long the round took, and how long it was broken.
    seconds: float
    planned: float
    tasks: int
    runs: int
    events: int
    faults: Dict[str, int]
    ends: Dict[str, int]
    #: Number of violations by law, and the first of each law.
    counts: Dict[str, int]
    violations: List[Violation]
    explained: Dict[str, int]
    drained: Any
    node_recoveries: List[float] = field(default_factory=list)
    all_node_recoveries: List[float] = field(default_factory=list)
    redis_recoveries: List[float] = field(default_factory=list)
    lag: float = 0.0
    skipped: List[str] = field(default_factory=list)

    @property
    def is_lawful(self) -> bool:
        return not self.counts

    def facts(self) -> Dict[str, Any]:
        facts = dict(self.__dict__)
        facts["violations"] = [violation.facts() for violation in self.violations]
        return facts


def judge(history: History, seconds: float = 0.0) -> Verdict:
    counts: Counter = Counter()
    violations: List[Violation] = []
    for name, law in LAWS.items():
        for subject, message in law(history):
            counts[name] += 1
            if counts[name] <= _TOLD:
                violations.append(Violation(name, subject, message))
    return Verdict(
        name=history.round.get("name", "?"), seed=history.round.get("seed", 0), folder=str(history.folder),
        seconds=round(seconds, 1), planned=history.round.get("seconds", 0.0), tasks=len(history.tasks),
        runs=len(history.attempts), events=len(history.steps),
        faults=dict(Counter(fault["kind"] for fault in history.faults if fault["phase"] == "begin")),
        ends=dict(Counter(task["status"] for task in history.tasks.values())), counts=dict(counts),
        violations=violations, explained=dict(history.explained),
        drained=history.phases.get("drained", {}).get("took"), node_recoveries=node_recoveries(history),
        all_node_recoveries=node_recoveries(history, only_healthy=False), redis_recoveries=redis_recoveries(history),
        lag=history.lag, skipped=history.round.get("skipped", []))
