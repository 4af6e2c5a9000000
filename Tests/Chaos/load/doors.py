"""The ways into the queue: one task over HTTP, a batch, and the command `xqueue submit`, alone and with a file."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from cluster import api
from cluster.nodes import Node, program
from cluster.programs import clean_environment

#: Statuses after which the same request may be sent again.
AGAIN = {408, 429, 500, 503}
#: Exit codes of `xqueue submit` after which it may be run again: unreachable, at a limit.
COMMAND_AGAIN = {69, 75}

#: The code of a command that the harness itself has killed.
KILLED = "killed"

#: A status, the reply, and for each task the identifier of the task that it became; None if that is unknown.
Outcome = Tuple[int, str, Optional[List[Dict[str, Any]]]]


def submit_one(node: Node, task: Dict[str, Any], timeout: float) -> Outcome:
    status, answer = api.call(node.port, "POST", "/api/v1/tasks", task, timeout=timeout)
    taken = [_taken(status, answer)] if status in (200, 201, 202) else None
    return status, str(answer.get("code", "")), taken


def submit_batch(node: Node, tasks: List[Dict[str, Any]], timeout: float) -> Outcome:
    status, answer = api.call(node.port, "POST", "/api/v1/tasks/batch", {"tasks": tasks}, timeout=timeout)
    taken = [_taken(status, each) for each in answer["tasks"]] if status in (200, 201, 202) else None
    return status, str(answer.get("code", "")), taken


def _taken(status: int, answer: Dict[str, Any]) -> Dict[str, Any]:
    outcome = "rejected" if "rejected" in answer else next(
        (word for word in ("deduplicated", "replaced") if answer.get(word)), "")
    return {
        "id": answer["id"], "status": status, "provisional": answer.get("provisional", False), "outcome": outcome}


def submit_by_command(node: Node, task: Dict[str, Any], timeout: float) -> Outcome:
    """Runs `xqueue submit`, which prints the identifier; an exit code stands for the status."""
    words = [
        str(program()), "submit", task["type"], json.dumps(task.get("payload")),
        "--url", f"http://127.0.0.1:{node.port}", "--timeout", f"{timeout:g}s", "--id", task["id"],
    ]
    for name, flag in (
        ("priority", "--priority"), ("max_retry", "--max-retry"), ("queue_timeout", "--queue-timeout"),
        ("process_timeout", "--process-timeout"), ("concurrency_key", "--concurrency-key"),
        ("max_concurrency", "--max-concurrency"), ("delay", "--delay"), ("unique_key", "--unique-key"),
    ):
        if name in task:
            words += [flag, str(task[name])]
    if "metadata" in task:
        words += ["--metadata", json.dumps(task["metadata"])]
    policy = task.get("retry_policy", {})
    for name, flag in (
        ("strategy", "--retry-strategy"), ("delay", "--retry-delay"), ("max_delay", "--retry-max-delay"),
        ("jitter", "--retry-jitter"),
    ):
        if name in policy:
            words += [flag, str(policy[name])]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=timeout + 30, stdin=subprocess.DEVNULL,
            env=clean_environment())
    except subprocess.TimeoutExpired as error:
        raise api.NoAnswer(f"xqueue submit did not end: {error}") from error
    if done.returncode == 0:
        return 201, "", [{"id": done.stdout.strip(), "status": 201, "provisional": False}]
    status = 503 if done.returncode in COMMAND_AGAIN else 400
    return status, f"exit {done.returncode}: {done.stderr.strip()[-300:]}", None


def submit_by_file(node: Node, tasks: List[Dict[str, Any]], path: Path, patience: float, is_killed: bool) -> Outcome:
    """Runs `xqueue submit --file … --resume`, which goes on where an earlier run of the same file was broken off.

    :param is_killed: Whether to kill the command after ``patience`` seconds, as a crash of the client's machine would.
    """
    if not path.exists():
        path.write_text("".join(json.dumps(task) + "\n" for task in tasks))
    words = [
        str(program()), "submit", "--file", str(path), "--resume", "--batch", "7", "--retry-for", "2s",
        "--url", f"http://127.0.0.1:{node.port}",
    ]
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env=clean_environment())
    if is_killed:
        time.sleep(patience)
        process.kill()
    _, said = process.communicate(timeout=60)
    if is_killed and process.returncode < 0:
        return 503, KILLED, None
    if process.returncode == 0:
        return 201, "", [{"id": task["id"], "status": 201, "provisional": False} for task in tasks]
    status = 503 if process.returncode in COMMAND_AGAIN else 400
    return status, f"exit {process.returncode}: {said.strip()[-300:]}", None
