"""The service behind the webhook handlers: python3 webhook.py PORT DIARY"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from handlers.diary import FAIL, OK, PERMANENT, STOPPED, Diary  # noqa: E402


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    diary: Diary


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            # A node that was killed while it sent this.
            self.close_connection = True
            return
        task = json.loads(body)
        payload = task["payload"]
        facts = (task["id"], task["attempt"], task["type"])
        nonce = self.server.diary.begin(*facts, f"hook-{os.getpid()}")
        if not self._sleep(payload["ms"] / 1000, payload.get("ignore_stop", False)):
            self.server.diary.end(*facts, nonce, STOPPED)
            self.close_connection = True
            return
        if payload.get("permanent"):
            status, outcome = 422, PERMANENT
        elif task["attempt"] <= payload.get("fail_times", 0):
            status, outcome = 500, FAIL
        else:
            status, outcome = 200, OK
        self.server.diary.end(*facts, nonce, outcome)
        self._reply(status, {"nonce": nonce, "attempt": task["attempt"]} if outcome == OK else {"error": outcome})

    def _sleep(self, seconds: float, ignores_stop: bool) -> bool:
        """Sleeps; returns False as soon as the caller has closed the connection, which is how it asks to stop."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return True
            if ignores_stop:
                time.sleep(left)
                continue
            readable, _, _ = select.select([self.connection], [], [], left)
            try:
                if readable and not self.connection.recv(1, socket.MSG_PEEK):
                    return False
            except OSError:
                return False

    def _reply(self, status: int, body: dict) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            # A node that was killed or that gave up.
            pass


def main(port: str, path: str) -> None:
    server = Server(("127.0.0.1", int(port)), Handler)
    server.diary = Diary(path)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
