"""A worker over HTTP: python3 worker.py URL NAME DIARY CONCURRENCY TYPE…"""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[3] / "clients" / "python"), str(Path(__file__).resolve().parents[1])]

from handlers.diary import FAIL, OK, PERMANENT, STOPPED, Diary  # noqa: E402
from xqueue_worker import Task, TaskFailed, TaskStopped, Worker  # noqa: E402


def main(url: str, name: str, path: str, concurrency: str, *types: str) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    diary = Diary(path)
    worker = Worker(url, name=name, concurrency=int(concurrency), grace_period=10, stop_period=2)

    def handle(task: Task) -> dict:
        nonce = diary.begin(task.id, task.attempt, task.type, name)

        def end(outcome: str) -> None:
            diary.end(task.id, task.attempt, task.type, nonce, outcome)

        if task.payload.get("progress"):
            task.progress(50, "halfway")
        try:
            if task.payload.get("ignore_stop"):
                time.sleep(task.payload["ms"] / 1000)
            else:
                task.sleep(task.payload["ms"] / 1000)
        except TaskStopped:
            end(STOPPED)
            raise
        if task.payload.get("permanent"):
            end(PERMANENT)
            raise TaskFailed("permanent failure, as the payload says", permanent=True)
        if task.attempt <= task.payload.get("fail_times", 0):
            end(FAIL)
            raise TaskFailed("failure, as the payload says")
        end(OK)
        return {"nonce": nonce, "attempt": task.attempt}

    for type in types:
        worker.add(type, handle)
    worker.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
