"""Programs that tests run in a temporary folder."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# The program under test.
BINARY = Path(os.environ.get("XQUEUE_BINARY", ROOT / ".build" / "debug" / "xqueue"))
# Debian installs servers outside the PATH of ordinary users.
PLACES = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
# Generous: only failing tests take this long, and the machine may be slow or busy.
PATIENCE = 120


def program(*names):
    """Returns the path of the first of these programs that is installed."""
    for name in names:
        if path := shutil.which(name, path=PLACES):
            return path
    raise AssertionError(f"none of {', '.join(names)} is installed; scripts/setup tests installs them")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, what, seconds=PATIENCE):
    """Waits until `condition` returns a truthy value, and returns it."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"timed out after {seconds} s: {what}")
        time.sleep(0.05)
    return answer


class Folder:
    """A folder removed after the test, once all programs started in it have exited."""

    def __init__(self, case):
        folder = tempfile.TemporaryDirectory(prefix="xqueue-console-", ignore_cleanup_errors=True)
        case.addCleanup(folder.cleanup)
        self.case = case
        self.path = Path(folder.name)

    def start(self, name, *command):
        """Starts a program with its output in NAME.log."""
        with open(self.path / f"{name}.log", "ab") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.path)

        def end():
            process.kill()
            process.wait()

        self.case.addCleanup(end)
        return process

    def log(self, name):
        path = self.path / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""


class Server:
    """`xqueue serve`, which keeps its port across restarts."""

    def __init__(self, folder, *flags, token=None):
        self.folder = folder
        self.flags = flags
        self.token = token
        self.port = free_port()
        self.process = None
        self.start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}/"

    def start(self):
        self.process = self.folder.start(
            "server", BINARY, "serve", "--server-port", str(self.port), *self.flags)
        wait_for(self.is_up, f"the server listens; its output:\n{self.folder.log('server')[-2000:]}")

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server exited:\n{self.folder.log('server')[-2000:]}")
        try:
            self.call("GET", "stats")
            return True
        except (urllib.error.URLError, ConnectionError):
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def call(self, method, path, body=None):
        """Calls the API and returns its reply."""
        request = urllib.request.Request(
            f"{self.address}api/v1/{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {self.token}"} if self.token else {}))
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return json.load(reply)

    def refusal(self, method, path, body):
        """Makes a call that the API must reject, and returns the error."""
        try:
            answer = self.call(method, path, body)
        except urllib.error.HTTPError as error:
            return json.load(error)
        raise AssertionError(f"{method} {path} {body} was not rejected: {answer}")

    def submit(self, **fields):
        """Submits a task and returns its ID."""
        return self.call("POST", "tasks", {"type": "example", **fields})["id"]

    def task(self, identifier):
        return self.call("GET", f"tasks/{identifier}")

    def wait_for_status(self, identifier, status):
        return wait_for(
            lambda: self.task(identifier)["status"] == status, f"task {identifier} is {status}")


class Redis:
    """A Redis server that loses no data when it is killed."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.process = None
        self.start()

    def start(self):
        self.process = self.folder.start(
            "redis", program("redis-server", "valkey-server"), "--port", str(self.port), "--bind", "127.0.0.1",
            "--appendonly", "yes", "--appendfsync", "always", "--save", "")
        wait_for(self.is_up, "Redis responds")

    def is_up(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except ConnectionError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()


class Broker:
    """A mosquitto with MQTT and WebSocket listeners; `options` are additional configuration lines."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.port, self.web_port = free_port(), free_port()
        lines = [
            f"listener {self.port} 127.0.0.1",
            f"listener {self.web_port} 127.0.0.1",
            "protocol websockets",
            "allow_anonymous true",
            *options,
        ]
        (folder.path / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        self.process = None
        self.start()

    def start(self):
        starts = self.log().count("running")
        self.process = self.folder.start("mosquitto", program("mosquitto"), "-v", "-c", "mosquitto.conf")
        wait_for(lambda: self.log().count("running") > starts, "mosquitto runs")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def log(self):
        return self.folder.log("mosquitto")

    def publish(self, topic, message):
        subprocess.run(
            [program("mosquitto_pub"), "-p", str(self.port), "-q", "1", "-t", topic, "-m", message],
            check=True, timeout=PATIENCE)
