"""Against the laws of ``checker/laws``: schedules."""

from __future__ import annotations

from checker.history import History
from tests.doctors.doctor import breaks, doctored


@breaks("every_tick_has_one_task")
def lost_tick() -> History:
    return doctored(lambda history: history.tasks.pop("tick-1"))


@breaks("every_tick_has_one_task")
def doubled_tick() -> History:
    return doctored(
        lambda history: history.tasks["tick-1"].update(scheduled=dict(history.tasks["tick-0"]["scheduled"])))


@breaks("every_tick_has_one_task")
def stopped_ticking() -> History:
    return doctored(lambda history: history.schedules[0].update(lasted=60.0))


@breaks("every_tick_has_one_task")
def never_ticked() -> History:
    return doctored(lambda history: history.schedules[0].update(schedule="other"))


@breaks("schedules_count_their_ticks")
def missed_tick() -> History:
    return doctored(lambda history: history.schedules[0]["report"]["counts"].update(missed=1))


@breaks("schedules_count_their_ticks")
def miscounted_ticks() -> History:
    return doctored(lambda history: history.schedules[0]["report"]["counts"].update(fired=2))
