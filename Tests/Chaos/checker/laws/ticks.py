"""Laws about schedules."""

from __future__ import annotations

from datetime import datetime

from checker.history import History
from checker.law import Found, law

#: The last tick may have been due just before the schedule was paused, or by a clock that was stepped, in seconds.
_TOLERANCE = 10.0


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@law
def every_tick_has_one_task(history: History) -> Found:
    """From the first to the last tick of a schedule none is missing and none is there twice, by the tasks themselves; and
    there are as many as the time between the making and the end of the schedule has."""
    for line in history.schedules:
        name, period = line["schedule"], line["period"]
        ticks = sorted(
            _seconds(task["scheduled"]["tick"]) for task in history.tasks.values()
            if (task.get("scheduled") or {}).get("schedule") == name)
        if not ticks:
            yield name, "has no tick"
            continue
        for before, tick in zip(ticks, ticks[1:]):
            if tick == before:
                yield name, f"the tick {tick:.0f} has two tasks"
            elif tick != before + period:
                yield name, f"the tick {before + period:.0f} has no task; the next one that has is {tick:.0f}"
        if line["lasted"] is not None:
            expected = (line["lasted"] - _TOLERANCE) / period
            if len(ticks) < expected:
                yield name, f"has {len(ticks)} ticks in {line['lasted']:.0f} s, of one every {period} s"


@law
def schedules_count_their_ticks(history: History) -> Found:
    """A schedule that skips nothing and catches up with everything says so, and counts as many ticks as it has tasks."""
    for line in history.schedules:
        counts = line["report"]["counts"]
        tasks = sum(
            (task.get("scheduled") or {}).get("schedule") == line["schedule"] for task in history.tasks.values())
        if counts["missed"] or counts["skipped"]:
            yield line["schedule"], f"missed {counts['missed']} ticks and skipped {counts['skipped']}"
        if counts["fired"] != tasks:
            yield line["schedule"], f"says that it fired {counts['fired']} ticks, but there are {tasks} tasks"
