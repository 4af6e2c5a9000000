"""Submits tasks at a steady rate, and sends what is in doubt again until the answer is certain."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Set, Tuple

from cluster import api
from cluster.nodes import Node
from load import doors
from load.mix import Mix
from witness.records import Records

HTTP, BATCH, COMMAND, FILE = "http", "batch", "command", "file"
#: How often each door is used.
_SHARES = {HTTP: 0.70, BATCH: 0.28, COMMAND: 0.015, FILE: 0.005}
#: How an act on a task is sent.
_ACTS = {"cancel": ("DELETE", ""), "retry": ("POST", "/retry"), "edit": ("PATCH", "")}


@dataclass
class Intent:
    """Something to be sent until the answer is certain: a submission, a cancel, a manual retry or an edit."""

    kind: str
    tasks: List[Dict[str, Any]]
    #: What is sent; nothing with a cancel or a manual retry.
    patch: Optional[Dict[str, Any]] = None
    tries: int = 0
    #: Which node is tried first.
    turn: int = 0
    first_sent: float = 0.0
    #: Replies and failures so far, for the laws about requests that must not fail.
    history: List[str] = field(default_factory=list)


class Load:
    """A pacer that makes intents, and threads that send them."""

    THREADS = 20

    def __init__(
        self, nodes: List[Node], mix: Mix, rate: float, seed: int, records: Records, timeout: float = 6.0
    ) -> None:
        """
        :param rate: Tasks a second.
        :param timeout: How long a node may take to answer before the next one is asked, in seconds.
        """
        self._timeout = timeout
        self._nodes = nodes
        self._mix = mix
        self._rate = rate
        self._source = random.Random(f"{seed}/load")
        self._records = records
        self._folder = records.folder / "files"
        self._folder.mkdir(exist_ok=True)
        self._due: List[Tuple[float, int, Intent]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._in_hand = 0
        self._is_pacing = False
        self._is_stopping = False
        self._threads: List[threading.Thread] = []
        self._turn = itertools.count()
        #: Identifiers that tasks were accepted under.
        self.accepted: Set[str] = set()
        self.submitted = 0

    def start(self) -> None:
        self._is_pacing = True
        for number in range(self.THREADS):
            self._spawn(self._send_all, f"sender-{number}")
        self._spawn(self._pace, "pacer")

    def _spawn(self, run, name: str) -> None:  # noqa: ANN001
        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def stop_pacing(self) -> None:
        """Makes no new tasks; what is in doubt is still sent again."""
        self._is_pacing = False

    @property
    def unsettled(self) -> int:
        """The number of intents whose answer is not certain yet."""
        with self._changed:
            return len(self._due) + self._in_hand

    def stop(self) -> None:
        self._is_pacing = False
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(30)

    # Making intents

    def _pace(self) -> None:
        due = time.monotonic()
        while self._is_pacing:
            kind = self._source.choices(list(_SHARES), list(_SHARES.values()))[0]
            count = {BATCH: self._source.randint(2, 20), FILE: self._source.randint(20, 60)}.get(kind, 1)
            tasks = [self._mix.draw(self._source) for _ in range(count)]
            for task in tasks:
                # The command says nothing about other tasks, and not even which one stands for which line.
                if kind in (COMMAND, FILE):
                    task.pop("unique", None)
                if kind == FILE:
                    task.pop("unique_key", None)
            self._push(Intent(kind, tasks), 0)
            self.submitted += count
            for task in tasks:
                self._plan_acts(task)
            due = max(due + count / self._rate, time.monotonic() - 1)
            time.sleep(max(due - time.monotonic(), 0))

    def _plan_acts(self, task: Dict[str, Any]) -> None:
        if self._source.random() < self._mix.canceled:
            self._push(Intent("cancel", [task]), self._source.choice([0.0, 0.05, 0.3, 1, 3]))
        if task["payload"].get("permanent") and self._source.random() < self._mix.requeued:
            self._push(Intent("retry", [task]), self._source.uniform(0.5, 4))
        for delay, patch in self._mix.draw_edits(self._source, task):
            self._push(Intent("edit", [task], patch), delay)

    def _push(self, intent: Intent, delay: float) -> None:
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + delay, next(self._numbers), intent))
            self._changed.notify()

    # Sending them

    def _send_all(self) -> None:
        while True:
            with self._changed:
                while True:
                    if self._is_stopping:
                        api.close_all()
                        return
                    now = time.monotonic()
                    if self._due and self._due[0][0] <= now:
                        break
                    self._changed.wait(min(self._due[0][0] - now, 0.5) if self._due else 0.5)
                _, _, intent = heapq.heappop(self._due)
                self._in_hand += 1
            try:
                self._send(intent)
            finally:
                with self._changed:
                    self._in_hand -= 1

    def _send(self, intent: Intent) -> None:
        if intent.tries == 0:
            intent.turn = next(self._turn)
        # Each try at the next node.
        node = self._nodes[(intent.turn + intent.tries) % len(self._nodes)]
        sent = time.monotonic()
        intent.tries += 1
        intent.first_sent = intent.first_sent or sent
        try:
            if intent.kind in _ACTS:
                outcome = self._act(intent, node, sent)
            else:
                outcome = self._submit(intent, node, sent)
        except api.NoAnswer as error:
            outcome = str(error)
        if outcome is None:
            return
        if doors.KILLED not in outcome:
            intent.history.append(f"{node.name}: {outcome}"[:200])
        # The next node at once, then with growing patience.
        wait = 0.0 if intent.tries < len(self._nodes) else min(0.1 * intent.tries, 1.0)
        self._push(intent, wait)

    def _submit(self, intent: Intent, node: Node, sent: float) -> Optional[str]:
        """Returns None once the answer is certain, else why not."""
        if intent.kind == HTTP:
            status, code, taken = doors.submit_one(node, intent.tasks[0], self._timeout)
        elif intent.kind == BATCH:
            status, code, taken = doors.submit_batch(node, intent.tasks, self._timeout)
        elif intent.kind == COMMAND:
            status, code, taken = doors.submit_by_command(node, intent.tasks[0], self._timeout)
        else:
            # The command is killed a few times before it is let run to its end.
            is_killed = intent.tries <= 3
            status, code, taken = doors.submit_by_file(
                node, intent.tasks, self._folder / f"{intent.tasks[0]['id']}.ndjson", 0.05 * intent.tries, is_killed)
        if status in doors.AGAIN:
            return f"{status} {code}"
        for number, task in enumerate(intent.tasks):
            facts = taken[number] if taken else {}
            outcome = "rejected" if code == "not_unique" else facts.get("outcome", "")
            self._records.add(
                "answers", door=intent.kind, node=node.name, status=status, code=code, task=task,
                became=facts.get("id"), provisional=bool(facts.get("provisional")), tries=intent.tries,
                first_sent=round(intent.first_sent, 6), sent=round(sent, 6), failures=intent.history,
                outcome=outcome)
            if taken and outcome != "rejected":
                self.accepted.add(facts["id"])
        return None

    def _act(self, intent: Intent, node: Node, sent: float) -> Optional[str]:
        id = intent.tasks[0]["id"]
        method, path = _ACTS[intent.kind]
        facts = {"act": intent.kind, "id": id, "tries": intent.tries, "sent": round(sent, 6), "patch": intent.patch}
        try:
            status, answer = api.call(
                node.port, method, f"/api/v1/tasks/{id}{path}", intent.patch, timeout=self._timeout)
        except api.NoAnswer:
            # It may have had its effect.
            self._records.add("acts", status=0, **facts)
            raise
        certain = status not in doors.AGAIN
        self._records.add(
            "acts", status=status, code=answer.get("code", ""), message=answer.get("message", ""),
            version=answer.get("version"), failures=intent.history, **facts)
        # Not there yet: its submission is still under way. Or it never will be: another task stands for it.
        if status == 404 and intent.tries < 5:
            return "404"
        return None if certain else f"{status} {answer.get('code')}"
