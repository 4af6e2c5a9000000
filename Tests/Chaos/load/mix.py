"""The tasks of a round: every kind, drawn from a seeded source."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

#: Limits of the task types, by the kind of their handlers; None for no limit.
EXEC_TYPES: Dict[str, Optional[int]] = {"exec.plain": None, "exec.limited": 3}
WEBHOOK_TYPES: Dict[str, Optional[int]] = {"hook.plain": None, "hook.limited": 2}
REMOTE_TYPES: Dict[str, Optional[int]] = {"remote.plain": None, "remote.limited": 4}
SWIFT_TYPES: Dict[str, Optional[int]] = {"swift.plain": None, "swift.limited": 3}
#: Served by nobody: its tasks end by their queue timeout.
UNSERVED = "unserved"

KEYS = 6
#: What tasks of a unique key say about it: until when a task has it never differs, what is done about another one may.
UNIQUE_KEYS: Dict[str, List[Dict[str, Any]]] = {
    "unique-0": [{}], "unique-1": [{}],
    "shared": [{"across_types": True}, {"across_types": True, "on_conflict": "reject"}],
    "rerun": [{"on_conflict": "rerun"}],
    "replace": [{"on_conflict": "replace"}, {"on_conflict": "replace"}, {"on_conflict": "reject"}],
    "started": [{"until": "started", "on_conflict": "replace"}, {"until": "started"}],
}
#: Those whose waiting tasks take over what is submitted later.
REWRITTEN = ("rerun", "replace", "started")


def uuid7(milliseconds: int) -> str:
    """A UUIDv7 of a time in milliseconds since 1970."""
    number = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@dataclass
class Mix:
    """What a round's tasks are like."""

    types: Dict[str, Optional[int]]
    #: Shares of tasks with each trait.
    long: float = 0.05
    keyed: float = 0.30
    unique: float = 0.09
    delayed: float = 0.10
    failing: float = 0.14
    permanent: float = 0.03
    overlong: float = 0.02
    unserved: float = 0.01
    canceled: float = 0.04
    requeued: float = 0.30
    #: Of tasks that wait for a while; of others a tenth of it, most of which have started by then.
    edited: float = 0.40
    stubborn: float = 0.005
    #: The longest that a long task takes, in milliseconds.
    longest: int = 3000
    names: List[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = sorted(self.types)

    def draw(self, source: random.Random) -> Dict[str, Any]:
        """Returns the fields of a submission with an identifier of its own."""
        type = source.choice(self.names)
        # Numbers only, which the exec program reads without a JSON parser.
        payload: Dict[str, Any] = {"ms": source.randint(1, 60)}
        task: Dict[str, Any] = {
            "id": uuid7(time.time_ns() // 1_000_000), "type": type, "payload": payload,
            "priority": source.choice([0, 0, 0, 0, 1, 5, -2]),
            "max_retry": source.choice([5, 5, 5, 10, 10, 2, 0]),
            "retry_policy": {
                "strategy": source.choice(["fixed", "linear", "exponential"]),
                "delay": source.choice([0.05, 0.2, 0.5]), "max_delay": 2, "jitter": 0.2},
        }

        def has(share: float) -> bool:
            return source.random() < share

        if has(self.unserved):
            task["type"] = UNSERVED
            task["queue_timeout"] = source.choice([1, 2, 3])
            return task
        if has(self.long):
            payload["ms"] = source.randint(500, self.longest)
        if has(self.keyed):
            number = source.randrange(KEYS)
            task["concurrency_key"] = f"key-{number}"
            # The tasks of one key all name the same number, except those of the last.
            task["max_concurrency"] = source.randint(1, 3) if number == KEYS - 1 else 1 + number % 3
        if has(self.unique):
            key = source.choice(sorted(UNIQUE_KEYS))
            rule = source.choice(UNIQUE_KEYS[key])
            task.update({"unique": {"key": key, **rule}} if rule else {"unique_key": key})
            if key in REWRITTEN:
                self._make_rewritable(task, source)
                return task
        if has(self.delayed):
            task["delay"] = source.choice([0.3, 1, 2, 4])
        if has(self.permanent):
            payload["permanent"] = 1
        elif has(self.failing):
            payload["fail_times"] = source.choice([1, 1, 1, 2, 3])
        if has(self.overlong):
            payload["ms"] = 6000
            task["process_timeout"] = 1
            task["max_retry"] = source.randint(0, 1)
            if has(0.25):
                payload["ignore_stop"] = 1
        elif has(self.stubborn):
            payload["ignore_stop"] = 1
        if has(0.05):
            payload["progress"] = 1
        if has(0.05):
            task["metadata"] = {"seed": source.randrange(1000)}
        return task

    def _make_rewritable(self, task: Dict[str, Any], source: random.Random) -> None:
        """Fields that any task of the key may take over at any time, of one type, and long enough to meet."""
        task["type"] = self.names[sorted(REWRITTEN).index(task["unique"]["key"]) % len(self.names)]
        task["max_retry"] = 5
        for name in ("concurrency_key", "max_concurrency"):
            task.pop(name, None)
        payload = task["payload"]
        payload["ms"] = source.randint(100, 1500)
        if source.random() < self.permanent:
            payload["permanent"] = 1
        elif source.random() < self.failing:
            payload["fail_times"] = source.choice([1, 1, 2])
        if source.random() < 0.3:
            task["delay"] = source.choice([0.3, 1, 2])

    def draw_edits(self, source: random.Random, task: Dict[str, Any]) -> List[Tuple[float, Dict[str, Any]]]:
        """Returns after how many seconds a task is edited, and the merge patches.

        Each edit sets the same fields, so that the last one alone decides what they are. A run takes longer after it than
        most do before it, so that the handlers' diaries tell which payload they had.
        """
        is_waiting = "delay" in task or task["type"] == UNSERVED
        if source.random() >= (self.edited if is_waiting else self.edited / 10):
            return []
        edits = []
        for _ in range(source.choice([1, 1, 2])):
            patch: Dict[str, Any] = {
                "priority": source.choice([0, 3, 7]),
                "payload": {"ms": source.randint(80, 150), "edit": source.randrange(1 << 30)}}
            if source.random() < 0.4:
                patch.update(source.choice([{"run_at": None}, {"delay": 0.5}, {"delay": 1.5}]))
            edits.append((source.choice([0.05, 0.2, 0.5, 1]), patch))
        return edits
