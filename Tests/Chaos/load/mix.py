"""The tasks of a round: every kind, drawn from a seeded source."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

#: Limits of the task types, by the kind of their handlers; None for no limit.
EXEC_TYPES: Dict[str, Optional[int]] = {"exec.plain": None, "exec.limited": 3}
WEBHOOK_TYPES: Dict[str, Optional[int]] = {"hook.plain": None, "hook.limited": 2}
REMOTE_TYPES: Dict[str, Optional[int]] = {"remote.plain": None, "remote.limited": 4}
SWIFT_TYPES: Dict[str, Optional[int]] = {"swift.plain": None, "swift.limited": 3}
#: Served by nobody: its tasks end by their queue timeout.
UNSERVED = "unserved"

KEYS = 6
UNIQUE_KEYS = 5


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
    unique: float = 0.06
    delayed: float = 0.10
    failing: float = 0.14
    permanent: float = 0.03
    overlong: float = 0.02
    unserved: float = 0.01
    canceled: float = 0.04
    requeued: float = 0.30
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
            task["unique_key"] = f"unique-{source.randrange(UNIQUE_KEYS)}"
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
