"""What happened in a round, read from its folder: answers, events, diaries, tasks and faults.

Nothing here or in the laws comes from XQueue's code: only its documented API and the witnesses' files are read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

FINAL = ("success", "failed", "canceled", "timeout")


@dataclass
class Step:
    """An event: a change of a task's status."""

    task: str
    version: int
    status: str
    previous: Optional[str]
    retry_count: int
    error: Optional[str]
    worker: Optional[str]
    #: By the store's clock.
    timestamp: str
    #: When the follower received it, by the monotonic clock: never before it happened.
    t: float
    #: When it happened, by the store's clock carried over to the monotonic one; as ``t`` if clocks were stepped.
    at: float = 0.0

    def __post_init__(self) -> None:
        self.at = self.at or self.t

    @property
    def is_rewrite(self) -> bool:
        """Whether the task has another definition since then: it was edited, or replaced by a later submission."""
        return (self.previous, self.status) == ("pending", "pending")


@dataclass
class Lease:
    """A time in which a task was processing, from the event log."""

    task: str
    attempt: int
    worker: Optional[str]
    begin: Step
    end: Optional[Step]

    @property
    def is_lost(self) -> bool:
        """Whether it ended without its worker: by a missing heartbeat, or because the handler would not stop."""
        if self.end is None or self.end.error is None or self.end.status == "success":
            return False
        counted = self.end.status != "pending" or self.end.retry_count > self.begin.retry_count
        return counted and any(words in self.end.error for words in _LOSS_WORDS)


#: Errors of attempts that ended while their handlers may have gone on.
_LOSS_WORDS = ("stopped sending heartbeats", "did not stop within its grace period", "longer than its process timeout",
               "ended unexpectedly", "process ended")


@dataclass
class Attempt:
    """A run of a handler, from a diary."""

    task: str
    attempt: int
    type: str
    nonce: str
    who: str
    diary: str
    begin: float
    end: Optional[float] = None
    outcome: Optional[str] = None


@dataclass
class Answer:
    """A submission whose answer is certain."""

    t: float
    task: Dict[str, Any]
    door: str
    status: int
    code: str
    became: Optional[str]
    provisional: bool
    tries: int
    first_sent: float
    failures: List[str]
    #: When it was sent for the last time.
    sent: float = 0.0
    #: What is said about the task of the answer: deduplicated, replaced or rejected.
    outcome: str = ""

    @property
    def is_accepted(self) -> bool:
        return self.status in (200, 201, 202) and not self.is_rejected

    @property
    def is_rejected(self) -> bool:
        """Whether another task has its unique key."""
        return self.outcome == "rejected"


@dataclass
class Edit:
    """A request to edit a task, and its answer."""

    t: float
    sent: float
    #: 0 without an answer.
    status: int
    #: The task's version by the answer.
    version: Optional[int]
    #: The merge patch, whose ``payload`` has a number of its own, ``edit``.
    patch: Dict[str, Any]

    @property
    def is_acknowledged(self) -> bool:
        return self.status == 200

    @property
    def is_possible(self) -> bool:
        """Whether it may have had an effect."""
        return self.status not in (400, 404, 409, 412)

    @property
    def changes_time(self) -> bool:
        return "run_at" in self.patch or "delay" in self.patch

    @property
    def number(self) -> int:
        return self.patch["payload"]["edit"]

    def applied(self, fields: Dict[str, Any]) -> Dict[str, Any]:
        """The fields of a task after it, apart from those about time."""
        payload = {**(fields.get("payload") or {}), **self.patch["payload"]}
        return {**fields, "priority": self.patch["priority"], "payload": payload}


@dataclass
class History:
    folder: Path
    round: Dict[str, Any]
    answers: List[Answer]
    acts: List[Dict[str, Any]]
    #: Changes of status and control messages, in the log's order.
    steps: List[Step]
    controls: List[Dict[str, Any]]
    attempts: List[Attempt]
    tasks: Dict[str, Dict[str, Any]]
    stats: Dict[str, Any]
    faults: List[Dict[str, Any]]
    losses: List[Tuple[float, float]]
    exits: List[Dict[str, Any]]
    usage: List[Dict[str, Any]]
    phases: Dict[str, Dict[str, Any]]
    kills: List[Dict[str, Any]]
    recoveries: List[Dict[str, Any]]
    pauses: List[Dict[str, Any]]
    mqtt: List[Dict[str, Any]]
    #: Schedules with what they said at the end; ``lasted`` is how long they existed, or None if clocks were stepped.
    schedules: List[Dict[str, Any]]
    lag: float = 0.0
    explained: Counter = field(default_factory=Counter)

    def index(self) -> None:
        """Builds the tables that laws look things up in."""
        self.steps_of: Dict[str, List[Step]] = defaultdict(list)
        for step in self.steps:
            self.steps_of[step.task].append(step)
        self.attempts_of: Dict[str, List[Attempt]] = defaultdict(list)
        for attempt in sorted(self.attempts, key=lambda each: each.begin):
            self.attempts_of[attempt.task].append(attempt)
        #: What was submitted, by the identifier that the client made.
        self.submitted: Dict[str, Answer] = {answer.task["id"]: answer for answer in self.answers}
        self.acts_of: Dict[str, List[Dict[str, Any]]] = defaultdict(list)
        for act in self.acts:
            self.acts_of[act["id"]].append(act)
        self.edits_of: Dict[str, List[Edit]] = defaultdict(list)
        for act in self.acts:
            if act["act"] == "edit":
                self.edits_of[act["id"]].append(
                    Edit(act["t"], act["sent"], act["status"], act.get("version"), act["patch"]))
        self.leases_of: Dict[str, List[Lease]] = {id: list(_leases(steps)) for id, steps in self.steps_of.items()}
        #: The lease that each run belongs to, by the run's nonce.
        self.lease_of: Dict[str, Lease] = {}
        for id, runs in self.attempts_of.items():
            self._match(runs, list(self.leases_of.get(id, [])))
        self._excused = self._find_excused()
        ends = {fault["number"]: fault["t"] for fault in self.faults if fault["phase"] == "end"}
        self.fault_spans: List[Dict[str, Any]] = [
            {**fault, "begin": fault["t"], "end": ends.get(fault["number"], float("inf"))}
            for fault in self.faults if fault["phase"] == "begin"]

    def _match(self, runs: List[Attempt], leases: List[Lease]) -> None:
        """Finds the lease of each run: of the same attempt, in order, and not over before the run began; if there is
        none, one that was lost before its worker came to begin."""
        for is_late in (False, True):
            for run in runs:
                if run.nonce in self.lease_of:
                    continue
                for lease in leases:
                    is_over = lease.end is not None and lease.end.t < run.begin
                    if lease.attempt == run.attempt and (not is_over or is_late and lease.is_lost):
                        self.lease_of[run.nonce] = lease
                        leases.remove(lease)
                        break

    # What laws ask

    def fields(self, id: str) -> Dict[str, Any]:
        """What a task was submitted with; empty if that is unknown."""
        answer = self.submitted.get(id)
        return answer.task if answer else {}

    def is_rewritten(self, id: str) -> bool:
        """Whether a task got other definitions than it was submitted with."""
        return any(step.is_rewrite for step in self.steps_of.get(id, []))

    def edits_for(self, id: str, version: int) -> List[Edit]:
        """The edits that may have made a version of a task: the one that was answered so, or those without an answer."""
        edits = self.edits_of[id]
        named = [edit for edit in edits if edit.is_acknowledged and edit.version == version]
        return named or [edit for edit in edits if edit.is_possible and not edit.is_acknowledged]

    def was_asked(self, id: str, act: str) -> int:
        """How often a cancel or a manual retry of a task was sent that may have had an effect."""
        return sum(each["act"] == act and each["status"] not in (404, 409) for each in self.acts_of[id])

    def is_excused(self, id: str) -> bool:
        """Whether the store was made to forget something just when something happened to this task."""
        return id in self._excused

    def may_be_lost(self, answer: Answer) -> bool:
        """Whether the task that an answer names was stored in moments that the store was made to forget."""
        stored = self.submitted.get(answer.became or "", answer)
        # A file's lines were accepted in several runs of the command.
        since = stored.first_sent if stored.door == "file" else stored.sent
        return any(begin <= stored.t and since <= end for begin, end in self.losses)

    def is_lost_time(self, time: float) -> bool:
        return any(begin <= time <= end for begin, end in self.losses)

    def _find_excused(self) -> set:
        if not self.losses:
            return set()
        is_in = self.is_lost_time
        excused = {step.task for step in self.steps if is_in(step.t)}
        excused |= {answer.task["id"] for answer in self.answers if is_in(answer.t) or is_in(answer.first_sent)}
        excused |= {id for id, edits in self.edits_of.items() if any(is_in(edit.t) or is_in(edit.sent) for edit in edits)}
        excused |= {answer.became for answer in self.answers if answer.became and is_in(answer.t)}
        excused |= {each.task for each in self.attempts if is_in(each.begin) or (each.end and is_in(each.end))}
        return excused

    def faults_between(self, begin: float, end: float, *kinds: str) -> List[Dict[str, Any]]:
        """The faults, of some kinds, that were not healed yet at some moment between two times."""
        return [
            fault for fault in self.fault_spans
            if fault["begin"] <= end and fault["end"] >= begin and (not kinds or fault["kind"] in kinds)]

    def explain(self, what: str) -> None:
        """Counts something that looks like a violation and is none."""
        self.explained[what] += 1


def _leases(steps: List[Step]) -> Iterator[Lease]:
    for step, following in zip(steps, [*steps[1:], None]):
        if step.status == "processing":
            yield Lease(step.task, step.retry_count + 1, step.worker, step, following)
