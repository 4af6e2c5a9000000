"""XQueue's worker for Python, with its defaults, against a server that keeps its tasks in the same Redis."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time

import gauge
import place

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "clients", "python"))

from xqueue_worker import Client, Task, Unreachable, Worker  # noqa: E402


@contextlib.contextmanager
def server():
    """Runs a server, and yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tempfile.TemporaryDirectory()
    process = subprocess.Popen(
        [os.environ["COMPARE_SERVER"], "serve", "--server-port", str(port), "--log-level", "error",
         "--redis-addr", f"127.0.0.1:{place.PORT}", "--redis-db", str(place.DATABASE)],
        cwd=folder.name,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        while True:
            try:
                Client(url).call("GET", "/readyz")
                break
            except Unreachable:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait()
        folder.cleanup()


def fill():
    with server() as url:
        client = Client(url)
        for start in range(0, place.TASKS, 1000):
            count = min(1000, place.TASKS - start)
            client.submit_all([{"type": "noop", "payload": place.PAYLOAD}] * count)


def work():
    with server() as url:
        worker = Worker(url, concurrency=8)

        @worker.task("noop")
        def noop(_task: Task) -> None:
            gauge.hit()

        worker.run()


if __name__ == "__main__":
    work() if "work" in sys.argv else fill()
