"""Against the laws of ``checker/laws``: subscribers, and recovery."""

from __future__ import annotations

from checker.history import History
from tests.doctors.doctor import breaks, doctored
from tests.story import with_a_kill


@breaks("subscribers_know_the_last_status")
def untold() -> History:
    return doctored(lambda history: history.mqtt.pop())


@breaks("messages_come_in_order")
def skipped_message() -> History:
    return doctored(lambda history: history.mqtt.pop(1))


@breaks("messages_equal_events")
def misinformed() -> History:
    return doctored(lambda history: history.mqtt[1].update(status="canceled"))


@breaks("dead_nodes_are_replaced")
def slow_recovery() -> History:
    return with_a_kill(seconds=30)


@breaks("redis_is_used_at_once")
def slow_redis() -> History:
    return doctored(lambda history: history.recoveries.append({"ready": 90.0}))


@breaks("orderly_restarts_fail_no_request_twice")
def failed_twice() -> History:
    return doctored(lambda history: history.answers[0].failures.extend(["503", "503"]), is_gentle=True)


@breaks("orderly_restarts_count_no_retry")
def counted_retry() -> History:
    return doctored(lambda history: None, is_gentle=True)
