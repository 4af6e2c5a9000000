"""Laws about how fast the queue recovers, and about orderly restarts."""

from __future__ import annotations

from bisect import bisect_left
from typing import Dict, List

from checker.history import History
from checker.law import Found, law
from checker.rewrites import may_be_replaced

#: Faults during which the store or the other nodes are not healthy.
_QUIET = 0.5
#: Seconds from a Redis that has loaded its data to the first claim.
REDIS_BOUND = 2.0
#: A busy machine is late; a promise is broken beyond this factor. The figures are in the report.
TOLERANCE = 3.0


def node_recoveries(history: History, only_healthy: bool = True) -> List[float]:
    """Seconds from the kill of a node to the next attempt of each task that ran there, elsewhere or in its next life.

    Only of tasks that wait for no token, and with ``only_healthy`` only if nothing else was broken meanwhile.
    """
    times = []
    bound = 3 * history.round["heartbeat"] + 1
    for kill in history.kills:
        if only_healthy and len(history.faults_between(kill["t"] - _QUIET, kill["t"] + bound)) > 1:
            continue
        mark = f"-{kill['pid']}-"
        for leases in history.leases_of.values():
            for lease in leases:
                is_its = mark in (lease.worker or "") and lease.is_lost and lease.begin.at <= kill["t"]
                if is_its and _is_free(history, lease.task):
                    following = [each for each in history.steps_of[lease.task] if each.version > lease.end.version]
                    end = following[0] if lease.end.status == "pending" and following else lease.end
                    if end.at >= kill["t"]:
                        times.append(end.at - kill["t"])
    return times


def _is_free(history: History, id: str) -> bool:
    fields = history.fields(id)
    # Another definition may set another time to run.
    return not (
        history.is_rewritten(id) or "concurrency_key" in fields
        or history.round["type_limits"].get(fields.get("type", "")))


def redis_recoveries(history: History, only_healthy: bool = True) -> List[float]:
    """Seconds from a Redis that is back to the first attempt that begins by the diaries."""
    begins = sorted(attempt.begin for attempt in history.attempts)
    times = []
    for line in history.recoveries:
        ready = line["ready"]
        if only_healthy and len(history.faults_between(ready - _QUIET, ready + REDIS_BOUND)) > 1:
            continue
        place = bisect_left(begins, ready)
        if place < len(begins):
            times.append(begins[place] - ready)
    return times


def percentile(values: List[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


@law
def dead_nodes_are_replaced(history: History) -> Found:
    """The tasks of a killed node run elsewhere within three heartbeats and a second (p99, healthy store)."""
    if history.round.get("store") == "sqlite":
        return
    times = node_recoveries(history)
    bound = 3 * history.round["heartbeat"] + 1
    if times and percentile(times, 0.99) > bound * TOLERANCE + history.lag:
        yield "kill of a node", f"p99 is {percentile(times, 0.99):.1f} s of {len(times)}; promised are {bound:g} s"


@law
def redis_is_used_at_once(history: History) -> Found:
    """A Redis that is back from a crash is claimed from within two seconds."""
    times = redis_recoveries(history)
    if times and percentile(times, 0.99) > REDIS_BOUND * TOLERANCE + history.lag:
        yield "Redis", f"p99 is {percentile(times, 0.99):.1f} s of {len(times)}; promised are {REDIS_BOUND:g} s"


@law
def orderly_restarts_fail_no_request_twice(history: History) -> Found:
    """While nodes are restarted in turn, a request that fails at one of them succeeds at the next."""
    if not history.round.get("is_gentle"):
        return
    for answer in history.answers:
        if len(answer.failures) > 1:
            yield answer.task["id"], f"failed {len(answer.failures)} times: {'; '.join(answer.failures)}"


@law
def orderly_restarts_count_no_retry(history: History) -> Found:
    """While nodes are restarted in turn, only attempts that fail by themselves count retries."""
    if not history.round.get("is_gentle"):
        return
    for id, task in history.tasks.items():
        payload = task.get("payload") or {}
        # An attempt may have failed by an earlier definition.
        if history.was_asked(id, "cancel") or history.was_asked(id, "retry") or may_be_replaced(history, id):
            continue
        due = 0 if payload.get("permanent") else min(payload.get("fail_times", 0), task["max_retry"])
        if task["retry_count"] != due:
            yield id, f"{task['retry_count']} retries, but only {due} attempts fail by themselves: {_errors(task)}"


def _errors(task: Dict) -> str:
    return "; ".join(str(each["error"])[:80] for each in task["errors"][-3:])
