"""Against the laws of ``checker/laws``: the queue at rest."""

from __future__ import annotations

from checker.history import History
from tests.doctors.doctor import breaks, doctored
from tests.story import tidy


@breaks("the_queue_drains")
def never_drained() -> History:
    return doctored(lambda history: history.phases["drained"].update(took=None))


@breaks("the_queue_drains")
def slowly_drained() -> History:
    return doctored(lambda history: history.phases["drained"].update(took=91.0))


@breaks("statistics_equal_listings")
def miscounted_in_all() -> History:
    return doctored(lambda history: history.stats.update(success_tasks=77))


@breaks("statistics_equal_listings")
def miscounted_by_type() -> History:
    return doctored(lambda history: history.stats["types"][0].update(success=77))


@breaks("idle_queues_hold_no_tokens")
def leaked_token() -> History:
    return doctored(lambda history: history.stats["concurrency_keys"].append({"key": "key", "held": 1, "waiting": 0}))


@breaks("idle_queues_hold_no_tokens")
def stuck_worker() -> History:
    return doctored(lambda history: history.stats.update(active_workers=1))


@breaks("memory_and_descriptors_return")
def leaked_descriptors() -> History:
    return doctored(lambda history: history.usage[1].update(fds=140))


@breaks("memory_and_descriptors_return")
def leaked_memory() -> History:
    return doctored(lambda history: history.usage[1].update(rss=400_000))


@breaks("nothing_crashes")
def crash() -> History:
    return doctored(lambda history: history.exits.append({"program": "node-1", "how": "by SIGSEGV"}))


@breaks("nothing_crashes")
def trap_in_a_log() -> History:
    history = tidy().history()
    (history.folder / "logs" / "node-1.log").write_text("Swift/Array.swift:1: Fatal error: Index out of range\n")
    return history


@breaks("the_harness_works")
def blind_follower() -> History:
    return doctored(lambda history: history.phases.update({"follower is behind": {}}))
