#!/usr/bin/env python3
"""Makes a dump of a queue that has tasks in every state, with a program of the layout that is to be dumped.

make.py redis PROGRAM FOLDER    writes FOLDER/commands.jsonl, one command a line, and FOLDER/expected.json
make.py sqlite PROGRAM FOLDER   writes FOLDER/queue.db and FOLDER/expected.json

Needs redis-server, and the program's libraries in LD_LIBRARY_PATH. See README.md.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PREFIX = "{layout}"
# What goes with the nodes, or after a while.
PASSING = (":flow:", ":probe", ":nodes", ":node-times", ":held")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Redis:
    """Speaks the protocol itself: keys and values are any bytes."""

    def __init__(self, port):
        self.file = socket.create_connection(("127.0.0.1", port)).makefile("rwb")

    def __call__(self, *words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.file.write(b"*%d\r\n" % len(words))
        for word in words:
            self.file.write(b"$%d\r\n%s\r\n" % (len(word), word))
        self.file.flush()
        return self.answer()

    def answer(self):
        line = self.file.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        return [self.answer() for _ in range(int(rest))]

    def dump(self):
        """The commands that make every key again, in the order of the keys."""
        commands = []
        for key in sorted(self("KEYS", PREFIX + "*")):
            kind = self("TYPE", key)
            if key.decode("latin-1").startswith(tuple(PREFIX + name for name in PASSING)):
                continue
            if kind == b"hash":
                commands.append([b"HSET", key] + self("HGETALL", key))
            elif kind == b"zset":
                flat = self("ZRANGE", key, 0, -1, "WITHSCORES")
                pairs = [(flat[i + 1], flat[i]) for i in range(0, len(flat), 2)]
                commands.append([b"ZADD", key] + [part for pair in pairs for part in pair])
            elif kind == b"list":
                commands.append([b"RPUSH", key] + self("LRANGE", key, 0, -1))
            elif kind == b"stream":
                for entry, fields in self("XRANGE", key, "-", "+"):
                    commands.append([b"XADD", key, entry] + fields)
            elif kind == b"string":
                commands.append([b"SET", key, self("GET", key)])
            else:
                raise RuntimeError(f"{key} is a {kind}")
        return commands


class Server:
    def __init__(self, program, arguments, folder):
        self.port = free_port()
        self.process = subprocess.Popen(
            [program, "serve", "--server-port", str(self.port), "--no-workers", *arguments],
            stdout=open(os.path.join(folder, "log"), "w"), stderr=subprocess.STDOUT)
        for _ in range(600):
            try:
                self("GET", "/readyz")
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise RuntimeError("the server does not answer")

    def __call__(self, method, path, body=None, headers={}):
        if not path.startswith("/readyz"):
            path = "/api/v1" + path
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, method=method)
        request.add_header("Content-Type", "application/json")
        for name, value in headers.items():
            request.add_header(name, value)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def submit(self, type, headers={}, **fields):
        return self("POST", "/tasks", {"type": type, **fields}, headers)["id"]

    def lease(self, type):
        """Takes the best task of a type."""
        leases = self("POST", "/leases", {"worker": "worker-1", "types": [type], "max_tasks": 1})["leases"]
        return leases[0]["lease"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def fill(server):
    """Tasks in every state; the type says which."""
    trace = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "a=1"}
    end = lambda lease, how, body={}: server("POST", f"/leases/{lease}/{how}", body)
    month = 30 * 86400
    server.submit("ready", trace, payload={"to": "张三", "n": [1, 2.5, None]}, priority=5, unique_key="order-1",
                  queue_timeout=month, process_timeout=60)
    server.submit("ready", payload="x" * 20000, priority=-7, queue_timeout=0, max_retry=0,
                  retry_policy={"strategy": "linear", "delay": 1.5, "max_delay": 60, "jitter": 0.5})
    server.submit("scheduled", trace, delay=month, unique_key="later")
    for number in range(3):
        server.submit("keyed", payload=number, concurrency_key="user 1/é", max_concurrency=1, queue_timeout=month)
    server.lease("keyed")
    try:
        server.lease("keyed")
    except IndexError:
        pass
    server.submit("running", payload={}, unique_key="runs")
    lease = server.lease("running")
    server("POST", f"/leases/{lease}/progress", {"progress": 42.5, "message": "half way — 一半"})
    server.submit("stopping")
    task = server.submit("stopping")
    server.lease("stopping")
    server.lease("stopping")
    server("DELETE", f"/tasks/{task}")
    server.submit("success", unique_key="done")
    end(server.lease("success"), "complete", {"result": {"sent": True, "text": "ä"}})
    server.submit("success")
    end(server.lease("success"), "complete")
    server.submit("failed", max_retry=3)
    end(server.lease("failed"), "fail", {"error": "mailbox full", "retry_after": 0})
    end(server.lease("failed"), "fail", {"error": "no such mailbox", "permanent": True})
    server.submit("retrying")
    end(server.lease("retrying"), "fail", {"error": "later", "retry_after": month})
    server("DELETE", "/tasks/" + server.submit("canceled"))
    task = server.submit("requeued", queue_timeout=month, unique_key="again")
    server("DELETE", f"/tasks/{task}")
    server("POST", f"/tasks/{task}/retry")
    server.submit("released", queue_timeout=month)
    end(server.lease("released"), "release")
    task = server.submit("timeout", queue_timeout=0.2)
    while server("GET", f"/tasks/{task}")["status"] != "timeout":
        time.sleep(0.1)
    for number in range(3):
        server.submit("held", payload=number, queue_timeout=month)
    server("PUT", "/types/held/limit", {"max_concurrency": 2})
    server("POST", "/types/held/pause")
    server("PUT", "/types/unused/limit?create=true", {"max_concurrency": 9})


def expected(server):
    return {
        "tasks": server("GET", "/tasks?limit=1000")["tasks"],
        "types": server("GET", "/types")["types"],
        "keys": server("GET", "/stats")["concurrency_keys"],
    }


def write(path, value):
    with open(path, "w") as file:
        json.dump(value, file, ensure_ascii=False, indent=1, sort_keys=True)
        file.write("\n")


def main(store, program, out):
    os.makedirs(out, exist_ok=True)
    folder = tempfile.mkdtemp()
    if store == "redis":
        port = free_port()
        redis = subprocess.Popen(["redis-server", "--port", str(port), "--save", "", "--dir", folder],
                                 stdout=subprocess.DEVNULL)
        time.sleep(1)
        arguments = ["--redis-addr", f"127.0.0.1:{port}", "--redis-key-prefix", PREFIX[1:-1]]
    else:
        path = os.path.join(folder, "queue.db")
        arguments = ["--store-path", path]
    server = Server(program, arguments, folder)
    try:
        fill(server)
        write(os.path.join(out, "expected.json"), expected(server))
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.url}: {error.read().decode()}")
    finally:
        server.stop()
        if store == "redis" and sys.exc_info()[0]:
            redis.terminate()
    if store == "redis":
        call = Redis(port)
        call("HSET", PREFIX + ":sinks", "mqtt", "1764000000000-12")
        # As 0.1.0 wrote them when a key held for all types.
        if call("HGET", PREFIX + ":meta", "layout") is None:
            for type, key in [("ready", "order-1"), ("running", "runs")]:
                task = call("HGET", PREFIX + ":unique", f"{type}\t{key}")
                call("HDEL", PREFIX + ":unique", f"{type}\t{key}")
                call("HSET", PREFIX + ":unique", key, task)
        with open(os.path.join(out, "commands.jsonl"), "w") as file:
            for command in call.dump():
                # Each character stands for a byte.
                file.write(json.dumps([word.decode("latin-1") for word in command]) + "\n")
        redis.terminate()
    else:
        shutil.copy(path, os.path.join(out, "queue.db"))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
