"""Laws about concurrency limits and pauses."""

from __future__ import annotations

from collections import defaultdict
from typing import Callable, Dict, Iterator, List, Optional, Set, Tuple

from checker.history import Attempt, History, Lease
from checker.law import Found, law
from checker.unique import DONE, rule_of
from handlers.diary import STOPPED


def _starts(history: History, name_of: Callable[[Dict], Optional[str]]) -> Iterator[Tuple[str, int, List[str]]]:
    """Each atomic step that starts tasks of one name: the name, how many held a token before, and the started tasks.

    One call claims several tasks, whose events are in the order of their types, not of the grants.
    """
    holders: Dict[str, Set[str]] = defaultdict(set)
    batch: Dict[str, List[str]] = {}
    mark: Optional[Tuple[Optional[str], str]] = None
    for step in [*history.steps, None]:
        if step is not None and history.is_excused(step.task):
            # What the store forgot about it cannot be seen in the log.
            continue
        following = (step.worker, step.timestamp) if step is not None and step.status == "processing" else None
        if following != mark or following is None:
            for name, started in batch.items():
                yield name, len(holders[name]), started
                holders[name].update(started)
            batch = {}
        mark = following
        name = name_of(history.fields(step.task)) if step is not None else None
        if step is None or name is None:
            continue
        if step.status == "processing":
            batch.setdefault(name, []).append(step.task)
        else:
            holders[name].discard(step.task)


@law
def type_limits_hold(history: History) -> Found:
    """By the log, never more attempts of a type hold a lease than its limit allows, on all nodes together."""
    limits = history.round.get("type_limits", {})
    for type, held, started in _starts(history, lambda fields: fields.get("type")):
        limit = limits.get(type)
        if limit and held + len(started) > limit:
            yield started[-1], f"started as number {held + len(started)} of type {type}, whose limit is {limit}"


@law
def key_limits_hold(history: History) -> Found:
    """By the log, a task starts only while fewer tasks of its concurrency key run than its own number says."""
    def allowed(id: str) -> int:
        return history.fields(id).get("max_concurrency", 1)

    for key, held, started in _starts(history, lambda fields: fields.get("concurrency_key")):
        # Of tasks that start together, any order may have been the one in which they got their tokens.
        for number, id in enumerate(sorted(started, key=allowed), held + 1):
            if number > allowed(id):
                yield id, f"started as number {number} of {key}, and allows {allowed(id)}"


@law
def paused_types_do_not_start(history: History) -> Found:
    """While a type is paused, from the answer to the request that ends it, none of its tasks starts."""
    if history.round.get("clocks"):
        return
    for pause in history.pauses:
        for step in history.steps:
            type = history.fields(step.task).get("type")
            # The store's clock has milliseconds.
            if step.status == "processing" and type == pause["type"] and pause["begin"] + 0.01 < step.at < pause["end"]:
                if history.is_excused(step.task) or any(begin <= step.at <= end + 5 for begin, end in history.losses):
                    history.explain("started while paused: the pause was lost with the store's last moments")
                    continue
                yield step.task, f"started {step.at - pause['begin']:.2f} s after its type {type} was paused"


@law
def overlaps_are_explained(history: History) -> Found:
    """By the diaries, more runs overlap than a limit allows only if some of them had lost their leases; each is named."""
    groups: Dict[str, List[Attempt]] = defaultdict(list)
    limits: Dict[str, int] = {}
    named: Set[str] = set()
    for type, limit in history.round.get("type_limits", {}).items():
        if limit:
            limits[f"type {type}"] = limit
    for run in history.attempts:
        if history.is_excused(run.task):
            continue
        fields = history.fields(run.task)
        if f"type {run.type}" in limits:
            groups[f"type {run.type}"].append(run)
        key = fields.get("concurrency_key")
        if key:
            # Tasks of one key may allow different numbers: the largest bounds them all.
            name = f"key {key}"
            groups[name].append(run)
            limits[name] = max(limits.get(name, 0), fields.get("max_concurrency", 1))
        rule = rule_of(fields)
        if rule is not None and rule.until == DONE:
            name = f"unique key {' '.join(rule.scope).strip()}"
            groups[name].append(run)
            limits[name] = 1
    for name, runs in groups.items():
        for running in _overlaps(runs, limits[name]):
            reasons = {run.nonce: _why_lost(run, history.lease_of.get(run.nonce)) for run in running}
            lost = {nonce: why for nonce, why in reasons.items() if why}
            if len(running) - len(lost) <= limits[name]:
                for nonce in set(lost) - named:
                    history.explain(f"overlap: {lost[nonce]}")
                named.update(lost)
                continue
            yield name, f"limit {limits[name]}, but {len(running)} ran at once: " + ", ".join(
                f"{run.task} attempt {run.attempt} ({run.who})" for run in running)


def _why_lost(run: Attempt, lease: Optional[Lease]) -> Optional[str]:
    if lease is None:
        return "its lease is not in the log"
    if run.outcome == STOPPED and run.type.startswith("hook.") and lease.end is not None and run.end is not None:
        if lease.end.at < run.end:
            return "its webhook's connection was closed, which the service noticed a moment later"
    if not lease.is_lost:
        return None
    assert lease.end is not None and lease.end.error is not None
    if "heartbeats" in lease.end.error:
        return "its worker had lost the lease and went on"
    if "timeout" in lease.end.error:
        return "its handler went on after the process timeout"
    if "grace" in lease.end.error:
        return "its handler went on after a cancel"
    return "its server was killed and the program went on"


def _overlaps(runs: List[Attempt], limit: int) -> Iterator[List[Attempt]]:
    """The sets of more than ``limit`` runs that overlap, at the begin of each run that exceeds it."""
    running: List[Attempt] = []
    for run in sorted(runs, key=lambda each: each.begin):
        # A run without an end was killed: it surely ran at its begin only.
        running = [each for each in running if each.end is not None and each.end > run.begin]
        running.append(run)
        if len(running) > limit:
            yield list(running)
