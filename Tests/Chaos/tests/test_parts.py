"""The parts that break things and watch: plans, diaries, proxies, records."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import rounds
from checker.reading import read
from cluster.programs import Program, free_port, wait_for
from cluster.proxy import Proxy
from cluster.workers import build_attempt
from faults import kinds, plan
from load.mix import EXEC_TYPES, REWRITTEN, Mix, uuid7
from witness.records import Records


class PlanTests(unittest.TestCase):
    TARGETS = {kind.group: ["one", "two"] for kind in kinds.ALL.values()}

    def draw(self, seed: int) -> list:
        return plan.draw(rounds.BY_NAME["redis-mixed"].faults, self.TARGETS, 60, 1, seed, 40)

    def test_a_seed_is_a_plan(self) -> None:
        self.assertEqual(self.draw(7), self.draw(7))
        self.assertNotEqual(self.draw(7), self.draw(8))

    def test_rounds_name_kinds_that_exist(self) -> None:
        for round in rounds.ALL:
            self.assertEqual(set(round.faults) - set(kinds.ALL), set(), round.name)

    def test_every_kind_is_used_by_a_round(self) -> None:
        used = {kind for round in (*rounds.ALL, rounds.SABOTAGE) for kind in round.faults}
        self.assertEqual(set(kinds.ALL) - used, set())

    def test_tasks_of_a_seed_differ_in_their_identifiers_only(self) -> None:
        def draw() -> list:
            source, mix = random.Random("1/load"), Mix(EXEC_TYPES)
            return [{**mix.draw(source), "id": ""} for _ in range(200)]
        self.assertEqual(draw(), draw())

    def test_tasks_that_may_be_rewritten_can_take_over_each_others_fields(self) -> None:
        source, mix = random.Random("1/load"), Mix(EXEC_TYPES)
        drawn = [mix.draw(source) for _ in range(3000)]
        for key in REWRITTEN:
            tasks = [task for task in drawn if (task.get("unique") or {}).get("key") == key]
            self.assertGreater(len(tasks), 10, key)
            self.assertEqual(len({(task["type"], task["max_retry"]) for task in tasks}), 1, key)
            self.assertFalse(any("concurrency_key" in task for task in tasks), key)

    def test_edits_are_drawn_mostly_of_tasks_that_wait(self) -> None:
        source, mix = random.Random("1/load"), Mix(EXEC_TYPES)
        tasks = [mix.draw(source) for _ in range(4000)]
        edits = {task["id"]: mix.draw_edits(source, task) for task in tasks}
        patches = [patch for each in edits.values() for _, patch in each]
        # All set the same fields: of several edits the last one decides.
        self.assertEqual({(*patch["payload"], "priority" in patch) for patch in patches}, {("ms", "edit", True)})
        self.assertEqual(len({patch["payload"]["edit"] for patch in patches}), len(patches))
        self.assertEqual({"run_at" in patch or "delay" in patch for patch in patches}, {True, False})
        waiting = [task for task in tasks if "delay" in task]
        self.assertGreater(sum(bool(edits[task["id"]]) for task in waiting), len(waiting) / 5)
        self.assertGreater(len(patches), 100)

    def test_identifiers_are_uuids_of_version_7(self) -> None:
        self.assertRegex(
            uuid7(1_700_000_000_000), r"^018bcfe5-6800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


class DiaryTests(unittest.TestCase):
    def test_the_program_of_the_exec_handlers_writes_what_the_checker_reads(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            records = Records(Path(name))
            program = build_attempt(records.folder)

            def run(payload: str, stops: bool = False) -> int:
                process = subprocess.Popen(
                    [str(program), str(records.diaries / "exec")], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                    env={"XQUEUE_TASK_ID": "id", "XQUEUE_TASK_TYPE": "exec.plain", "XQUEUE_ATTEMPT": "2"})
                process.stdin.write(payload.encode())
                process.stdin.close()
                if stops:
                    wait_for("it has begun", lambda: (records.diaries / "exec").read_text().count("begin") == 4, 20)
                    process.send_signal(signal.SIGTERM)
                return process.wait(20)

            self.assertEqual(run('{"ms": 30}'), 0)
            self.assertEqual(run('{"ms": 1, "fail_times": 2}'), 1)
            self.assertEqual(run('{"ms": 1, "permanent": 1}'), 65)
            self.assertEqual(run('{"ms": 20000}', stops=True), 1)
            records.close()
            runs = read(records.folder).attempts
            self.assertEqual([run.outcome for run in runs], ["ok", "fail", "permanent", "stopped"])
            self.assertEqual({(run.task, run.attempt, run.type) for run in runs}, {("id", 2, "exec.plain")})
            self.assertGreaterEqual(runs[0].end - runs[0].begin, 0.03)


class ProxyTests(unittest.TestCase):
    """Against a server that echoes, behind a port that nobody listens on."""

    def setUp(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()
        self.proxy = Proxy([free_port(), self.server.getsockname()[1]], "test")
        self.proxy.start()

    def tearDown(self) -> None:
        self.proxy.stop()
        self.server.close()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.echo, args=(connection,), daemon=True).start()

    @staticmethod
    def echo(connection: socket.socket) -> None:
        try:
            while True:
                data = connection.recv(1024)
                if not data:
                    break
                connection.sendall(data)
        except OSError:
            pass
        connection.close()

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.proxy.port), timeout=10)
        self.addCleanup(connection.close)
        return connection

    def ask(self, connection: socket.socket, timeout: float = 10) -> bytes:
        connection.settimeout(timeout)
        try:
            connection.sendall(b"hello")
            return connection.recv(1024)
        except (ConnectionError, BrokenPipeError):
            return b""

    def test_it_carries(self) -> None:
        self.assertEqual(self.ask(self.connect()), b"hello")

    def test_a_cut_ends_connections_and_new_ones_work(self) -> None:
        connection = self.connect()
        self.ask(connection)
        self.proxy.cut()
        self.assertEqual(self.ask(connection), b"")
        self.assertEqual(self.ask(self.connect()), b"hello")

    def test_a_black_hole_delivers_late(self) -> None:
        connection = self.connect()
        self.ask(connection)
        self.proxy.swallow()
        with self.assertRaises(socket.timeout):
            self.ask(connection, timeout=0.3)
        self.proxy.heal()
        connection.settimeout(10)
        self.assertEqual(connection.recv(1024), b"hello")

    def test_a_half_close_ends_one_direction(self) -> None:
        connection = self.connect()
        self.ask(connection)
        self.proxy.half_close(towards_server=False)
        self.assertEqual(connection.recv(1024), b"")

    def test_refused_connections_are_closed(self) -> None:
        self.proxy.refuse()
        self.assertEqual(self.ask(self.connect()), b"")
        self.proxy.heal()
        self.assertEqual(self.ask(self.connect()), b"hello")

    def test_delays(self) -> None:
        connection = self.connect()
        self.ask(connection)
        self.proxy.delay = 0.2
        start = time.monotonic()
        self.assertEqual(self.ask(connection), b"hello")
        self.assertGreaterEqual(time.monotonic() - start, 0.4)


class ProgramTests(unittest.TestCase):
    def test_an_end_that_nobody_asked_for_is_noticed_once(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            program = Program("sh", ["sh", "-c", "exit 3"], Path(name))
            program.start()
            wait_for("it ends", lambda: not program.is_running, 20)
            self.assertEqual(program.notice_end(), "with status 3")
            self.assertIsNone(program.notice_end())

    def test_a_frozen_program_can_be_stopped(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            program = Program("sleep", ["sleep", "60"], Path(name))
            program.start()
            program.freeze()
            self.assertEqual(program.stop(20), -signal.SIGTERM)
            self.assertIsNone(program.notice_end())

    def test_programs_end_with_the_harness(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            source = (
                "import os, sys; sys.path.insert(0, sys.argv[1])\n"
                "from pathlib import Path; from cluster.programs import Program\n"
                "program = Program('sleep', ['sleep', '60'], Path(sys.argv[2])); program.start()\n"
                "print(program.pid, flush=True); os.kill(os.getpid(), 9)\n")
            root = str(Path(__file__).resolve().parents[1])
            done = subprocess.run(["python3", "-c", source, root, name], capture_output=True, text=True, timeout=30)
            pid = int(done.stdout)
            wait_for("its program is gone", lambda: not _lives(pid), 20)


def _lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().split(")")[1].split()[0] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
