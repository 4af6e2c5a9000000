"""A small history in which every law holds, for tests that doctor it."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, Optional

from checker.history import Answer, Attempt, History, Step

LIMITED = "hook.limited"
NODE = "host-100-aa"
OTHER = "host-200-bb"


class Story:
    """Tells what happened, step by step, and derives from it what the API, the log and MQTT say."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="xqueue-chaos-test-"))
        (self.folder / "logs").mkdir()
        self.answers: List[Answer] = []
        self.acts: List[Dict[str, Any]] = []
        self.steps: List[Step] = []
        self.attempts: List[Attempt] = []
        #: The definitions of tasks that were edited or replaced.
        self.definitions: Dict[str, Dict[str, Any]] = {}
        self.results: Dict[str, Any] = {}
        self.errors: Dict[str, List[str]] = {}
        self.now = 100.0
        self.schedules: List[Dict[str, Any]] = []
        self.ticks: Dict[str, Dict[str, Any]] = {}

    def submit(self, id: str, type: str = "hook.plain", **fields: Any) -> None:
        task = {"id": id, "type": type, "payload": {"ms": 5}, "priority": 0, "max_retry": 5, **fields}
        self.answers.append(Answer(self.now, task, "http", 201, "", id, False, 1, self.now - 0.01, [], self.now - 0.01))
        self.step(id, "pending")

    def meet(self, id: str, holder: str, outcome: str, **fields: Any) -> Answer:
        """A submission whose unique key another task has, and what becomes of it."""
        self.now += 0.2
        task = {"id": id, "type": self._type(holder), "payload": {"ms": 7}, "priority": 0, "max_retry": 5, **fields}
        sent = self.now
        if outcome == "replaced":
            self._rewrite(holder, task)
        self.now += 0.01
        is_rejected = outcome == "rejected"
        answer = Answer(
            self.now, task, "http", 409 if is_rejected else 200, "not_unique" if is_rejected else "",
            None if is_rejected else holder, False, 1, sent, [], sent, outcome)
        self.answers.append(answer)
        return answer

    def step(
        self, id: str, status: str, worker: Optional[str] = None, retries: int = 0, error: Optional[str] = None
    ) -> Step:
        self.now += 0.05
        before = [step for step in self.steps if step.task == id]
        step = Step(
            id, len(before) + 1, status, before[-1].status if before else None, retries, error, worker,
            f"2026-01-01T00:00:{self.now:06.3f}Z", self.now)
        self.steps.append(step)
        return step

    def run(self, id: str, attempt: int, outcome: str, worker: str = NODE, seconds: float = 0.02) -> Attempt:
        """A claim and what its handler did."""
        self.step(id, "processing", worker, attempt - 1)
        begin = self.now + 0.005
        run = Attempt(
            id, attempt, self._type(id), f"nonce-{len(self.attempts)}", worker, "diary", begin, begin + seconds, outcome)
        self.attempts.append(run)
        self.now = begin + seconds
        return run

    def succeed(self, id: str, attempt: int = 1, worker: str = NODE, seconds: float = 0.02) -> None:
        run = self.run(id, attempt, "ok", worker, seconds)
        self.results[id] = {"nonce": run.nonce, "attempt": attempt}
        self.step(id, "success", worker, attempt - 1)

    def fail(
        self, id: str, attempt: int, status: str, error: str = "failure", worker: str = NODE, outcome: str = "fail"
    ) -> None:
        self.run(id, attempt, outcome, worker)
        self.errors.setdefault(id, []).append(error)
        self.step(id, status, worker, attempt if status == "pending" else attempt - 1, error)

    def edit(self, id: str, number: int, ms: int = 100, **fields: Any) -> None:
        """An edit that is answered, of a task that waits."""
        patch = {"priority": 3, "payload": {"ms": ms, "edit": number}, **fields}
        submitted = next(answer.task for answer in self.answers if answer.task["id"] == id)
        definition = self.definitions.get(id, submitted)
        sent = self.now
        step = self._rewrite(id, {
            **definition, "priority": patch["priority"], "payload": {**definition["payload"], **patch["payload"]}})
        self.acts.append({
            "act": "edit", "id": id, "t": self.now + 0.01, "sent": sent, "status": 200, "version": step.version,
            "patch": patch})

    def _rewrite(self, id: str, definition: Dict[str, Any]) -> Step:
        before = [step for step in self.steps if step.task == id][-1]
        self.definitions[id] = definition
        return self.step(id, "pending", before.worker, before.retry_count, before.error)

    def tick(self, name: str, count: int) -> None:
        """A schedule of one second that fires some ticks, all of which succeed."""
        for number in range(count):
            id = f"tick-{number}"
            self.ticks[id] = {"schedule": name, "tick": f"2026-01-01T00:00:{number:02d}.000Z"}
            self.submit(id)
            self.succeed(id)
        self.schedules.append({
            "schedule": name, "period": 1, "lasted": float(count),
            "report": {"counts": {"fired": count, "late": 0, "skipped": 0, "missed": 0}}})

    def _type(self, id: str) -> str:
        return next(answer.task["type"] for answer in self.answers if answer.task["id"] == id)

    def history(self, **facts: Any) -> History:
        tasks = {answer.task["id"]: self._task(answer.task) for answer in self.answers if answer.became == answer.task["id"]}
        counts = Counter((task["type"], task["status"]) for task in tasks.values())
        statuses = ("pending", "processing", "success", "failed", "canceled", "timeout")
        stats: Dict[str, Any] = {
            f"{status}_tasks": sum(count for (_, each), count in counts.items() if each == status)
            for status in statuses}
        stats.update(concurrency_keys=[], concurrency_keys_in_use=0, active_workers=0, stuck_workers=0, types=[
            {"type": type, **{status: counts[(type, status)] for status in statuses}}
            for type in sorted({task["type"] for task in tasks.values()})])
        usage = [
            {"when": when, "program": "node-1", "rss": 50_000, "fds": 40, "pid": 100} for when in ("base", "idle")]
        history = History(
            folder=self.folder, answers=self.answers, acts=self.acts, steps=self.steps, controls=[],
            attempts=self.attempts, tasks=tasks, stats=stats, faults=[], losses=[], exits=[], usage=usage,
            phases={"drained": {"took": 2.0, "unsettled": 0}, "healed": {"errors": []}}, kills=[], recoveries=[], pauses=[],
            schedules=self.schedules,
            mqtt=[
                {"task_id": step.task, "version": step.version, "status": step.status} for step in self.steps],
            round={
                "name": "story", "seed": 1, "heartbeat": 1.0, "type_limits": {LIMITED: 1, "hook.plain": None},
                "mqtt": True, "store": "redis", "drain_bound": 90, **facts})
        history.index()
        return history

    def _task(self, fields: Dict[str, Any]) -> Dict[str, Any]:
        last = [step for step in self.steps if step.task == fields["id"]][-1]
        definition = {**self.definitions.get(fields["id"], fields), "id": fields["id"]}
        return {
            "queue_timeout": 600, **definition, "status": last.status, "version": last.version, "error": last.error,
            "retry_count": last.retry_count, "attempt": last.retry_count + 1, "pending_reason": None,
            "result": self.results.get(fields["id"]), "scheduled": self.ticks.get(fields["id"]),
            "errors": [{"error": error} for error in self.errors.get(fields["id"], [])]}


def tidy() -> Story:
    """A bit of everything, and nothing wrong."""
    story = Story()
    story.submit("plain", type=LIMITED, concurrency_key="key", max_concurrency=1, unique_key="unique")
    story.fail("plain", 1, "pending")
    story.succeed("plain", 2)
    story.submit("canceled")
    story.acts.append({"act": "cancel", "id": "canceled", "status": 200, "message": "task canceled"})
    story.step("canceled", "canceled")
    story.submit("permanent", payload={"ms": 5, "permanent": 1})
    story.fail("permanent", 1, "failed", outcome="permanent")
    story.submit("revived", max_retry=0, payload={"ms": 5, "fail_times": 1})
    story.fail("revived", 1, "failed")
    story.acts.append({"act": "retry", "id": "revived", "status": 200, "message": ""})
    story.step("revived", "pending")
    story.fail("revived", 1, "failed")
    story.submit("unserved", type="unserved", queue_timeout=1)
    story.step("unserved", "timeout")
    story.submit("delayed", delay=1)
    story.now += 1
    story.succeed("delayed")
    story.submit("edited", payload={"ms": 5, "fail_times": 1})
    story.edit("edited", 1)
    story.fail("edited", 1, "pending")
    story.edit("edited", 2, ms=120, delay=1)
    story.now += 1
    story.succeed("edited", 2, seconds=0.12)
    story.tick("every-second", 3)
    story.submit("overlong", process_timeout=1, max_retry=0, payload={"ms": 6000})
    story.run("overlong", 1, "stopped", seconds=1.1)
    story.errors["overlong"] = ["longer"]
    story.step("overlong", "failed", NODE, 0, "the attempt ran longer than its process timeout of 1 s")
    unique(story)
    return story


#: Rules of unique keys.
RERUN = {"key": "rerun", "on_conflict": "rerun"}
REPLACE = {"key": "replace", "on_conflict": "replace"}
STARTED = {"key": "started", "until": "started", "on_conflict": "replace"}


def unique(story: Story) -> None:
    """Tasks that meet others with their unique keys."""
    story.submit("build", unique=RERUN, payload={"ms": 5, "permanent": 1})
    story.run("build", 1, "permanent")
    story.submit("build-again", unique=RERUN)
    story.meet("build-newest", "build-again", "replaced", unique=RERUN, payload={"ms": 9})
    story.errors["build"] = ["failure"]
    story.step("build", "failed", NODE, 0, "failure")
    story.succeed("build-again")
    story.submit("sync", unique=REPLACE, delay=1)
    story.edit("sync", 3)
    story.meet("sync-newer", "sync", "replaced", unique=REPLACE)
    story.meet("sync-strict", "sync", "rejected", unique={**REPLACE, "on_conflict": "reject"})
    story.meet("sync-same", "sync", "deduplicated", unique={"key": "replace"})
    story.succeed("sync")
    story.submit("index", unique=STARTED)
    story.meet("index-newer", "index", "replaced", unique=STARTED, metadata={"seed": 1})
    story.edit("index", 4, ms=20)
    run = story.run("index", 1, "ok")
    story.submit("index-next", unique=STARTED)
    story.results["index"] = {"nonce": run.nonce, "attempt": 1}
    story.step("index", "success", NODE)
    story.succeed("index-next")
    shared = {"key": "shared", "across_types": True}
    story.submit("one-type", unique=shared)
    answer = story.meet("other-type", "one-type", "deduplicated", unique=shared)
    answer.task["type"] = LIMITED
    story.succeed("one-type")


def with_a_kill(seconds: float = 3.0) -> History:
    """A node that was killed while it ran a task, which another one ran again some time later."""
    story = tidy()
    story.submit("orphan")
    run = story.run("orphan", 1, "ok")
    run.end = run.outcome = None
    killed = story.now
    story.now += seconds
    story.errors["orphan"] = ["lost"]
    story.step("orphan", "pending", NODE, 1, f"worker {NODE} stopped sending heartbeats")
    story.succeed("orphan", 2, OTHER)
    history = story.history()
    history.kills = [{"t": killed, "pid": 100, "node": "node-1"}]
    history.faults = [
        {"number": 1, "kind": "node-kill", "target": "node-1", "phase": "begin", "t": killed},
        {"number": 1, "kind": "node-kill", "target": "node-1", "phase": "end", "t": killed + 1}]
    history.index()
    return history
