"""Recurring tasks: made before the faults, paused after them."""

from __future__ import annotations

from typing import Any, Dict, List

from cluster import api
from cluster.nodes import Node
from cluster.programs import wait_for
from witness.records import Records

#: How long a node may take to answer before the next one is asked, in seconds.
_TIMEOUT = 6.0


class Schedules:
    """Schedules that must not lose a tick: those that nobody could fire in time are all caught up with."""

    #: By name, the period in seconds.
    PERIODS = {"every-second": 1, "every-three": 3}

    def __init__(self, nodes: List[Node], types: Dict[str, Any], records: Records) -> None:
        """
        :param types: The types that are served; the first one without a limit is used.
        """
        self._nodes = nodes
        self._records = records
        self._type = next(name for name, limit in sorted(types.items()) if limit is None)

    def make(self) -> None:
        for name, period in self.PERIODS.items():
            self._settle("PUT", name, {
                "every": period, "overlap": "allow", "catch_up": "all", "catch_up_window": 3600,
                "task": {"type": self._type, "payload": {"ms": 5}, "max_retry": 10,
                         "retry_policy": {"strategy": "fixed", "delay": 0.2}}})

    def pause(self) -> None:
        """Ends the ticks, and records what the schedules say that they have done."""
        for name in self.PERIODS:
            report = self._settle("POST", f"{name}/pause", {"reason": "the round is over"})
            self._records.add("schedules", schedule=name, period=self.PERIODS[name], report=report)

    def _settle(self, method: str, path: str, body: Any) -> Dict[str, Any]:
        """Sends a request until a node has answered that it took effect."""
        answers: List[Dict[str, Any]] = []

        def is_done() -> bool:
            for node in self._nodes:
                try:
                    status, answer = api.call(node.port, method, f"/api/v1/schedules/{path}", body, timeout=_TIMEOUT)
                except api.NoAnswer:
                    continue
                if status in (200, 201):
                    answers.append(answer)
                    return True
            return False

        wait_for(f"{method} {path}", is_done, 90, pause=0.2)
        return answers[-1]
