"""A headless Chromium, controlled through the DevTools protocol."""

import atexit
import contextlib
import json
import subprocess
import tempfile
import threading
from pathlib import Path

from websockets.sync.client import connect

from .programs import PATIENCE, program, wait_for

FLAGS = [
    "--headless=new",
    # Chromium's sandbox does not work for root, and containers often have little shared memory.
    "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
    "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--mute-audio", "--remote-debugging-port=0",
]


class ProtocolError(Exception):
    """The browser rejected a command."""


class DevTools:
    """A browser shared by all tests of a run; each test has its own profile."""

    _shared = None

    @classmethod
    def shared(cls):
        if cls._shared is None:
            cls._shared = cls()
            atexit.register(cls._shared.close)
        return cls._shared

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="xqueue-chromium-", ignore_cleanup_errors=True)
        place = Path(self.folder.name)
        with open(place / "chromium.log", "wb") as output:
            self.process = subprocess.Popen(
                [program("chromium", "chromium-browser", "google-chrome"), *FLAGS, f"--user-data-dir={place}",
                 "about:blank"], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        # Wait for both lines: the file may be empty or half written.
        lines = wait_for(lambda: self._port_lines(place), "chromium opens its DevTools")
        self._stack = contextlib.ExitStack()
        self.socket = self._stack.enter_context(connect(
            f"ws://127.0.0.1:{lines[0]}{lines[1]}", max_size=None, open_timeout=PATIENCE, ping_interval=None))
        self._lock = threading.Lock()
        self._number = 0
        self._answers = {}
        self._listeners = {}
        # Ends when the socket is closed, in `close`.
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _port_lines(self, place):
        if self.process.poll() is not None:
            raise AssertionError(f"chromium exited:\n{(place / 'chromium.log').read_text()[-2000:]}")
        path = place / "DevToolsActivePort"
        lines = path.read_text().splitlines() if path.exists() else []
        return lines if len(lines) == 2 else None

    def _read(self):
        for text in self.socket:
            message = json.loads(text)
            if "id" in message:
                with self._lock:
                    answer = self._answers.pop(message["id"], None)
                if answer:
                    answer["message"] = message
                    answer["event"].set()
            elif listener := self._listeners.get(message.get("sessionId")):
                listener(message["method"], message["params"])

    def send(self, method, session=None, answer=None, **params):
        """Sends a command without waiting for the reply, so that listeners can use it too."""
        with self._lock:
            self._number += 1
            number = self._number
            if answer:
                self._answers[number] = answer
        message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self.socket.send(json.dumps(message))

    def call(self, method, session=None, **params):
        answer = {"event": threading.Event()}
        self.send(method, session, answer, **params)
        if not answer["event"].wait(PATIENCE):
            raise AssertionError(f"the browser did not reply to {method} within {PATIENCE} s")
        reply = answer["message"]
        if "error" in reply:
            raise ProtocolError(f"{method}: {reply['error']['message']}")
        return reply["result"]

    def open(self, listener):
        """Opens a page in a new profile; returns `(context, target, session)`."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._listeners[session] = listener
        return context, target, session

    def dispose(self, context, session):
        self._listeners.pop(session, None)
        self.call("Target.disposeBrowserContext", browserContextId=context)

    def close(self):
        self._stack.close()
        self._reader.join()
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()
