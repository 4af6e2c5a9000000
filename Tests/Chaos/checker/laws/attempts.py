"""Laws that compare the log with the diaries, in which handlers recorded what they did."""

from __future__ import annotations

from collections import Counter

from checker.history import History
from checker.law import Found, law
from checker.rewrites import may_be_replaced


@law
def successes_are_witnessed(history: History) -> Found:
    """The result of a success names a run that the diary has: of this task and attempt, and ended well."""
    by_nonce = {attempt.nonce: attempt for attempt in history.attempts}
    for id, task in history.tasks.items():
        if task["status"] != "success":
            continue
        result = task["result"] if isinstance(task["result"], dict) else {}
        run = by_nonce.get(result.get("nonce", ""))
        if run is None:
            yield id, f"succeeded with a result that no diary knows: {task['result']!r}"
        elif (run.task, run.attempt, run.outcome) != (id, result.get("attempt"), "ok"):
            yield id, f"its result names a run of {run.task}, attempt {run.attempt}, which ended {run.outcome}"
        elif run.attempt != task["retry_count"] + 1:
            yield id, f"has {task['retry_count']} retries, but its result is from attempt {run.attempt}"


@law
def runs_have_leases(history: History) -> Found:
    """Every run of a handler belongs to a lease of its own."""
    for id, runs in history.attempts_of.items():
        if history.is_excused(id):
            continue
        leases = Counter(lease.attempt for lease in history.leases_of.get(id, []))
        for number, count in Counter(run.attempt for run in runs).items():
            if count <= leases[number]:
                continue
            # A request on a connection that the service closes just then is sent again.
            if runs[0].type.startswith("hook.") and history.faults_between(
                    runs[0].begin - 1, runs[-1].begin + 1, "webhook-kill", "webhook-freeze"):
                history.explain("webhook sent again because its connection was closed")
                continue
            yield id, f"ran {count} times as attempt {number}, with {leases[number]} leases"


@law
def nothing_runs_after_success(history: History) -> Found:
    """No run begins after the follower has seen the success of its task, unless its worker had claimed it before, was
    frozen, and lost the lease."""
    for id, steps in history.steps_of.items():
        if history.is_excused(id):
            continue
        ends = [step.t for step in steps if step.status == "success"]
        for run in history.attempts_of[id] if ends else []:
            lease = history.lease_of.get(run.nonce)
            if run.begin > ends[0] and lease is not None and lease.is_lost:
                history.explain("a worker that had been frozen began an attempt that was lost already")
            elif run.begin > ends[0]:
                yield id, f"attempt {run.attempt} began {run.begin - ends[0]:.3f} s after its success was seen"


@law
def retries_equal_attempts(history: History) -> Found:
    """Each failed attempt counts one retry, and nothing else does; the recorded errors are as many."""
    for id, steps in history.steps_of.items():
        if history.is_excused(id) or id not in history.tasks:
            continue
        failures, last = 0, None
        for step in steps:
            if last is not None:
                growth = step.retry_count - last.retry_count
                if step.status == "pending" and last.status == "processing":
                    if growth not in (0, 1):
                        yield id, f"version {step.version} counts {growth} retries at once"
                    failures += growth
                elif step.previous in ("failed", "timeout", "canceled"):
                    if step.retry_count != 0:
                        yield id, f"version {step.version} is a manual retry and keeps {step.retry_count} retries"
                elif growth != 0:
                    yield id, f"version {step.version} ({step.status}) counts {growth} retries"
                if step.status == "failed":
                    failures += 1
            last = step
        task = history.tasks[id]
        if task["retry_count"] > task["max_retry"]:
            yield id, f"{task['retry_count']} retries, of {task['max_retry']} allowed"
        recorded, canceled = len(task["errors"]), task["status"] == "canceled" or history.was_asked(id, "cancel")
        # A canceled attempt may leave an error without a retry.
        if recorded != min(failures, 10) and not canceled:
            yield id, f"{failures} attempts failed, but {recorded} errors are recorded"


@law
def runs_wait_for_their_delay(history: History) -> Found:
    """No run begins before the delay of its task has passed since the task was first sent, unless an edit or a later
    submission changed it."""
    if history.round.get("clocks"):
        return
    for id, runs in history.attempts_of.items():
        delay = history.fields(id).get("delay")
        if not delay or not runs or may_be_replaced(history, id) or any(
                edit.is_possible and edit.changes_time for edit in history.edits_of[id]):
            continue
        early = history.submitted[id].first_sent + delay - runs[0].begin
        if early > 0.1:
            yield id, f"began {early:.3f} s before its delay of {delay} s had passed"


@law
def overlong_attempts_fail(history: History) -> Found:
    """An attempt that ran longer than its process timeout never counts as a success."""
    by_nonce = {attempt.nonce: attempt for attempt in history.attempts}
    for id, task in history.tasks.items():
        limit = task.get("process_timeout")
        if not limit or task["status"] != "success" or not isinstance(task["result"], dict):
            continue
        run = by_nonce.get(task["result"].get("nonce", ""))
        if not run or not run.end or run.end - run.begin <= limit + 0.5:
            continue
        yield id, f"succeeded after {run.end - run.begin:.1f} s, with a process timeout of {limit} s"
