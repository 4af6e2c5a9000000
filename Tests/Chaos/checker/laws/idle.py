"""Laws about the queue at rest, after the last fault."""

from __future__ import annotations

import re
from collections import Counter

from checker.history import History
from checker.law import Found, law

#: What no log may contain.
_CRASH = re.compile(
    r"Fatal error:|Program crashed|SIGSEGV|SIGABRT|SIGILL|Illegal instruction|Assertion failed|Precondition failed"
    r"|core dumped|panicked at|REDIS BUG REPORT|ThreadSanitizer|AddressSanitizer|Traceback \(most recent call last\)"
    r'|"level":"critical"')
#: Faults that take a node's store away.
_STORE_FAULTS = (
    "redis-kill", "redis-freeze", "redis-restart", "power-cut", "machine-crash", "primary-kill", "primary-freeze", "failover",
    "link-cut", "link-refuse", "link-black-hole", "link-half-close", "clients-killed", "disk-full", "disk-read-only",
    "disk-freeze", "file-limit")
#: How much a program may have grown, in KiB, and descriptors, beyond its start.
_MORE_MEMORY = 160 << 10
_MEMORY_PER_TASK = 4
_MORE_DESCRIPTORS = 40


@law
def the_queue_drains(history: History) -> Found:
    """Everything that was accepted has ended within a bound after the last fault was healed."""
    drained = history.phases.get("drained")
    bound = history.round.get("drain_bound", 90)
    if drained is None or drained["took"] is None:
        yield "queue", f"not drained within {bound + 60:g} s after the last fault"
    elif drained["took"] > bound:
        yield "queue", f"drained only {drained['took']:.1f} s after the last fault; the bound is {bound:g} s"


@law
def statistics_equal_listings(history: History) -> Found:
    """The counts of `stats`, in all and by type, are those of the tasks themselves."""
    counted = Counter((task["type"], task["status"]) for task in history.tasks.values())
    statuses = ("pending", "processing", "success", "failed", "canceled", "timeout")
    for status in statuses:
        listed = sum(count for (_, each), count in counted.items() if each == status)
        said = history.stats.get(f"{status}_tasks")
        if said != listed:
            yield f"stats.{status}_tasks", f"says {said}, but {listed} are listed"
    for type in history.stats.get("types", []):
        for status in statuses:
            listed = counted[(type["type"], status)]
            if type[status] != listed:
                yield type["type"], f"stats says {type[status]} {status}, but {listed} are listed"


@law
def idle_queues_hold_no_tokens(history: History) -> Found:
    """With nothing running, no concurrency key holds a token, no task waits behind one, and no worker is busy."""
    for key in history.stats.get("concurrency_keys", []):
        if key["held"] or key["waiting"]:
            yield key["key"], f"{key['held']} tokens held and {key['waiting']} waiting in an idle queue"
    for name in ("concurrency_keys_in_use", "active_workers", "stuck_workers"):
        if history.stats.get(name):
            yield name, f"is {history.stats[name]} in an idle queue"


@law
def memory_and_descriptors_return(history: History) -> Found:
    """At rest a program has about the memory and the descriptors that it started with."""
    base = {line["program"]: line for line in history.usage if line["when"] == "base"}
    for line in history.usage:
        first = base.get(line["program"])
        if line["when"] != "idle" or first is None:
            continue
        if line["fds"] > first["fds"] + _MORE_DESCRIPTORS:
            yield line["program"], f"{line['fds']} descriptors at rest, {first['fds']} at its start"
        bound = first["rss"] + _MORE_MEMORY + _MEMORY_PER_TASK * len(history.tasks)
        if line["rss"] > bound:
            yield line["program"], f"{line['rss'] >> 10} MiB at rest, {first['rss'] >> 10} MiB at its start"


@law
def nothing_crashes(history: History) -> Found:
    """No program ended that was not made to, and no log has a trap, an assertion or a traceback. A node may give up on a
    store that goes away just as it starts: status 73."""
    for line in history.exits:
        if line["how"] == "with status 73" and history.faults_between(line["t"] - 10, line["t"], *_STORE_FAULTS):
            history.explain("a node gave up on a store that went away as it started")
            continue
        yield line["program"], f"ended {line['how']}"
    for path in sorted((history.folder / "logs").glob("*.log")):
        with open(path, errors="replace") as file:
            for number, text in enumerate(file, 1):
                if _CRASH.search(text):
                    yield path.name, f"line {number}: {text.strip()[:300]}"
                    break


@law
def the_harness_works(history: History) -> Found:
    """Every fault was made and healed as planned, and the witnesses saw everything."""
    for error in history.phases.get("healed", {}).get("errors", []):
        yield "fault", error
    for name in ("follower is behind", "subscriber is behind"):
        # Events that a store has lost are waited for in vain; the laws about the log know which those may be.
        if name in history.phases and not history.losses:
            yield "witness", f"{name} a minute after the queue was idle"
