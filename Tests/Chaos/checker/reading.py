"""Reads what the witnesses of a round have written."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Dict, List, Optional

from checker.history import Answer, Attempt, History, Step
from witness.records import load, load_lines


def read(folder: Path) -> History:
    """Reads a round's folder."""
    events = load_lines(folder / "events.jsonl")
    facts = load(folder / "round.json") or {}
    wall = None if facts.get("clocks") else facts.get("wall")
    phases = {line["phase"]: line for line in load_lines(folder / "phases.jsonl")}
    history = History(
        folder=folder, round=facts,
        answers=[_answer(line) for line in load_lines(folder / "answers.jsonl")],
        acts=load_lines(folder / "acts.jsonl"),
        steps=[_step(line, wall) for line in events if line["e"].get("event") == "status"],
        controls=[line for line in events if line["e"].get("event") not in ("status", "progress", "schedule")],
        attempts=_attempts(folder / "diaries"),
        tasks={line["task"]["id"]: line["task"] for line in load_lines(folder / "tasks.jsonl")},
        stats=load(folder / "stats.json") or {}, faults=load_lines(folder / "faults.jsonl"),
        losses=[(line["begin"], line["end"]) for line in load_lines(folder / "losses.jsonl")],
        exits=load_lines(folder / "exits.jsonl"), usage=load_lines(folder / "usage.jsonl"), phases=phases,
        kills=load_lines(folder / "kills.jsonl"), recoveries=load_lines(folder / "recoveries.jsonl"),
        pauses=load_lines(folder / "pauses.jsonl"), mqtt=_messages(folder / "mqtt.log"),
        schedules=_schedules(folder, wall),
        lag=max([line["worst"] for line in load_lines(folder / "lag.jsonl")] or [0.0]))
    history.answers += _ticks(history)
    history.index()
    return history


def _schedules(folder: Path, wall: Optional[float]) -> List[Dict[str, Any]]:
    schedules = load_lines(folder / "schedules.jsonl")
    for line in schedules:
        made = datetime.fromisoformat(line["report"]["created_at"].replace("Z", "+00:00")).timestamp()
        line["lasted"] = None if wall is None else line["t"] + wall - made
    return schedules


def _ticks(history: History) -> List[Answer]:
    """The tasks that schedules submitted, as if somebody had sent them when they came."""
    answers = []
    known = {step.task: step.t for step in reversed(history.steps)}
    templates = {line["schedule"]: line["report"]["task"] for line in history.schedules}
    for id, task in history.tasks.items():
        template = templates.get((task.get("scheduled") or {}).get("schedule"))
        if template is None:
            continue
        t = known.get(id, 0.0)
        answers.append(Answer(t, {"id": id, **template}, "schedule", 201, "", id, False, 1, t, [], t))
    return answers


def _step(line: Dict[str, Any], wall: Optional[float]) -> Step:
    event = line["e"]
    at = line["t"]
    if wall is not None:
        written = datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00"))
        at = written.timestamp() - wall
    return Step(
        event["task_id"], event["version"], event["status"], event["previous_status"], event["retry_count"],
        event["error"], event["worker_id"], event["timestamp"], line["t"], at)


def _answer(line: Dict[str, Any]) -> Answer:
    return Answer(
        line["t"], line["task"], line["door"], line["status"], line["code"], line["became"], line["provisional"],
        line["tries"], line["first_sent"], line["failures"], line["sent"], line.get("outcome", ""))


def _attempts(folder: Path) -> List[Attempt]:
    attempts: List[Attempt] = []
    by_nonce: Dict[str, Attempt] = {}
    for path in sorted(folder.glob("*")):
        for line in path.read_text().splitlines():
            words = line.split(" ")
            if len(words) != 7:
                raise ValueError(f"{path.name} has a broken line: {line!r}")
            time, word, task, number, type, nonce, last = words
            if word == "begin":
                attempt = Attempt(task, int(number), type, nonce, last, path.name, int(time) / 1e9)
                attempts.append(attempt)
                by_nonce[nonce] = attempt
            elif nonce in by_nonce:
                by_nonce[nonce].end, by_nonce[nonce].outcome = int(time) / 1e9, last
    return attempts


def _messages(path: Path) -> List[Dict[str, Any]]:
    messages = []
    if path.exists():
        for line in path.read_text(errors="replace").splitlines():
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if isinstance(message, dict) and "version" in message:
                messages.append(message)
    return messages
