"""Laws about edits of tasks that wait."""

from __future__ import annotations

from typing import List, Optional

from checker.history import Attempt, Edit, History
from checker.law import Found, law
from checker.rewrites import may_be_replaced

#: Handlers sleep at least as long as their payload says, up to the clock's grain.
_GRAIN = 0.005


@law
def rewrites_have_a_cause(history: History) -> Found:
    """A task is edited as often as was asked for, at most; beyond that it is rewritten only by later submissions with its
    unique key that may do so. It never counts a retry or changes its error by it."""
    for id, steps in history.steps_of.items():
        if history.is_excused(id):
            continue
        count = sum(step.is_rewrite for step in steps)
        asked = sum(edit.is_possible for edit in history.edits_of[id])
        if count > asked and not may_be_replaced(history, id):
            yield id, f"rewritten {count} times; {asked} edits were asked for, and no submission may have done it"
        for before, step in zip(steps, steps[1:]):
            if step.is_rewrite and (step.retry_count, step.error) != (before.retry_count, before.error):
                yield id, f"rewritten as version {step.version}, with {step.retry_count} retries and the error {step.error!r}"


@law
def acknowledged_edits_are_kept(history: History) -> Found:
    """An edit that was answered 200 is in the log under the version of the answer, and the task is at the end as it was
    edited, unless its version shows that it was edited again or replaced later."""
    for id, edits in history.edits_of.items():
        acknowledged = [edit for edit in edits if edit.is_acknowledged]
        if not acknowledged or history.is_excused(id):
            continue
        versions = [step.version for step in history.steps_of.get(id, []) if step.is_rewrite]
        for edit in acknowledged:
            if edit.version not in versions:
                yield id, f"answered as edited with version {edit.version}, but the log has no such edit"
        task = history.tasks.get(id)
        if task is None or not versions:
            continue
        possible: List[Optional[int]] = [edit.number for edit in history.edits_for(id, versions[-1])]
        if _may_be_a_replacement(history, id, versions[-1]):
            possible.append(None)
        if (task["payload"] or {}).get("edit") not in possible:
            yield id, f"what rewrote it last, as version {versions[-1]}, is lost: {task['payload']!r}"


@law
def runs_carry_the_edit(history: History) -> Found:
    """A run takes as long as the last edit before its claim says."""
    for id, edits in history.edits_of.items():
        if history.is_excused(id) or not any(edit.is_possible for edit in edits):
            continue
        for run in history.attempts_of[id]:
            edit = _before(history, run)
            if run.outcome != "ok" or run.end is None or edit is None:
                continue
            if run.end - run.begin < edit.patch["payload"]["ms"] / 1000 - _GRAIN:
                yield id, (
                    f"attempt {run.attempt} took {(run.end - run.begin) * 1000:.0f} ms, but the edit before it says "
                    f"{edit.patch['payload']['ms']}")


@law
def edited_delays_are_waited_for(history: History) -> Found:
    """No attempt that follows an acknowledged edit with a delay begins before that has passed."""
    if history.round.get("clocks"):
        return
    for id, edits in history.edits_of.items():
        for edit in edits:
            delay = edit.patch.get("delay")
            if not edit.is_acknowledged or delay is None or history.is_excused(id):
                continue
            following = next((step for step in history.steps_of.get(id, []) if step.version > (edit.version or 0)), None)
            if following is None or following.status != "processing":
                continue
            early = edit.sent + delay - following.at
            if early > 0.1:
                yield id, f"began {early:.3f} s before the delay of {delay} s had passed that an edit gave it"


def _may_be_a_replacement(history: History, id: str, version: int) -> bool:
    """Whether a later submission, rather than an edit, may have made a version."""
    is_edit = any(edit.is_acknowledged for edit in history.edits_for(id, version))
    return not is_edit and may_be_replaced(history, id)


def _before(history: History, run: Attempt) -> Optional[Edit]:
    """The edit that a run must have seen: of several that it may have seen the one with the shortest run; None if it may
    have seen none. An attempt that was released has the number of the next one."""
    found: List[Edit] = []
    for lease in history.leases_of.get(run.task, []):
        if lease.attempt != run.attempt:
            continue
        versions = [
            step.version for step in history.steps_of[run.task]
            if step.is_rewrite and step.version < lease.begin.version]
        candidates = history.edits_for(run.task, versions[-1]) if versions else []
        if not candidates or _may_be_a_replacement(history, run.task, versions[-1]):
            return None
        found += candidates
    return min(found, key=lambda edit: edit.patch["payload"]["ms"], default=None)
