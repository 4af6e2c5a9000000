"""Fills, drains and rates each queue on one Redis server, in rounds, and prints a table."""

import argparse
import collections
import concurrent.futures
import csv
import json
import os
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import time

import gauge
from candidates import CANDIDATES

HERE = os.path.dirname(os.path.abspath(__file__))
FLOOR_COMMANDS = 200_000
FLOORS = [("c1-P50", 1, 50), ("c50-P50", 50, 50), ("c1-P16", 1, 16)]
STARTUP_LIMIT = 15
# A drain too slow to finish in time is stopped after this many seconds.
PACE = 3
# Copies every key of one database to another, so that each round drains the same backlog.
COPY = """
redis.call('SELECT', ARGV[1])
for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('COPY', key, key, 'DB', ARGV[2]) end
"""

Rating = collections.namedtuple("Rating", "rate cpu cut")


class Measurement:
    def __init__(self, options):
        self.options = options
        self.folder = options.folder
        self.began = time.monotonic()
        self.rounds = []

    def say(self, text):
        print(f"[{time.monotonic() - self.began:4.0f} s] {text}", file=sys.stderr, flush=True)

    def redis(self, *words):
        command = ["redis-cli", "-p", str(self.options.port), *words]
        ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        if "ERR" in ended.stdout[:80]:
            raise RuntimeError(f"redis-cli {words[0]}: {ended.stdout.strip()}")
        return ended.stdout

    def server_cpu(self):
        fields = dict(
            line.split(":", 1) for line in self.redis("info", "cpu").splitlines() if ":" in line
        )
        return float(fields["used_cpu_user"]) + float(fields["used_cpu_sys"])

    def environment(self, candidate, database, gauges):
        programs = os.path.join(self.folder, candidate.venv, "bin")
        return dict(
            os.environ,
            PATH=programs + os.pathsep + os.environ["PATH"],
            PYTHONPATH=HERE,
            PYTHONDONTWRITEBYTECODE="1",
            COMPARE_PORT=str(self.options.port),
            COMPARE_TASKS=str(self.options.tasks),
            COMPARE_DATABASE=str(database),
            COMPARE_GAUGES=gauges,
        )

    def fill(self, candidates):
        """Enqueues once with each queue's client, each into its own database."""
        self.say(f"enqueueing {self.options.tasks} tasks with each client")
        fills = list({candidate.fill: candidate for candidate in candidates}.values())
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            filled = list(pool.map(self.fill_one, fills, range(1, len(fills) + 1)))
        databases = {
            candidate.fill: number for number, candidate in enumerate(fills, 1) if filled[number - 1]
        }
        return {c: databases[c.fill] for c in candidates if c.fill in databases}

    def fill_one(self, candidate, database):
        with open(os.path.join(self.folder, f"fill-{database}.log"), "w+") as log:
            ended = subprocess.run(
                shlex.split(candidate.fill), cwd=HERE, stdout=log, stderr=log, timeout=90,
                env=self.environment(candidate, database, self.folder), check=False,
            )
            if ended.returncode != 0:
                log.seek(0)
                self.say(f"skipping {candidate.name}: {log.read()[-300:]}")
            return ended.returncode == 0

    def drain(self, candidate, database):
        """Returns the rate from the first task claimed to the last completed, or to the time limit."""
        gauges = os.path.join(self.folder, "gauges")
        shutil.rmtree(gauges, ignore_errors=True)
        os.mkdir(gauges)
        self.redis("-n", "0", "flushdb", "sync")
        self.redis("eval", COPY, "0", str(database), "0")
        before = self.server_cpu()
        url = f"redis://127.0.0.1:{self.options.port}/0"
        with open(os.path.join(self.folder, f"{candidate.name}.log"), "w") as log:
            worker = subprocess.Popen(
                shlex.split(candidate.work.format(url=url)), cwd=HERE, stdout=log, stderr=log,
                env=self.environment(candidate, 0, gauges), start_new_session=True,
            )
            try:
                count, nanoseconds = self.watch(gauges)
            finally:
                try:
                    os.killpg(worker.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                worker.wait()
        if nanoseconds == 0:
            return None
        cpu = (self.server_cpu() - before) / count * 1e6
        return Rating(count / nanoseconds * 1e9, cpu, count < self.options.tasks)

    def watch(self, gauges):
        deadline = time.monotonic() + STARTUP_LIMIT
        seen = (0, 0)
        started = 0.0
        while time.monotonic() < deadline and seen[0] < self.options.tasks:
            time.sleep(0.05)
            seen = gauge.read(gauges)
            now = time.monotonic()
            if seen[0] > 0 and not started:
                started = now
                deadline = now + self.options.limit
            if started and now - started > PACE:
                if seen[0] / (now - started) * self.options.limit < self.options.tasks:
                    break
        return seen

    def drain_xqueue(self):
        self.redis("-n", "0", "flushdb", "sync")
        ended = subprocess.run(
            [self.options.xqueue, "--store", "redis", "drain", "--json",
             "--tasks", str(self.options.tasks), "--redis-addr", f"127.0.0.1:{self.options.port}"],
            capture_output=True, text=True, check=True, timeout=120,
        )
        result = json.loads(ended.stdout)["results"][0]
        return Rating(result["tasks_per_second"], result["server_cpu_us_per_task"], False)

    def floor(self, clients, pipeline):
        """Returns tasks per second if a task is one LPUSH, one LMOVE and one LREM, in sequence."""
        self.redis("-n", "0", "flushdb", "sync")
        element = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
        before = self.server_cpu()
        seconds = 0.0
        for command in (
            ["lpush", "floor-from", element],
            ["lmove", "floor-from", "floor-to", "left", "right"],
            ["lrem", "floor-to", "1", element],
        ):
            ended = subprocess.run(
                ["redis-benchmark", "-p", str(self.options.port), "-c", str(clients),
                 "-P", str(pipeline), "-n", str(FLOOR_COMMANDS), "--csv", *command],
                capture_output=True, text=True, check=True, timeout=60,
            )
            row = list(csv.reader(ended.stdout.strip().splitlines()))[-1]
            seconds += 1 / float(row[1])
        cpu = (self.server_cpu() - before) / FLOOR_COMMANDS * 1e6
        return Rating(1 / seconds, cpu, False)

    def round(self, databases):
        ratings = {}
        for name, clients, pipeline in FLOORS:
            ratings[name] = self.floor(clients, pipeline)
        if self.options.xqueue:
            ratings["xqueue"] = self.drain_xqueue()
        for candidate, database in databases.items():
            rating = self.drain(candidate, database)
            if rating is None:
                self.say(f"{candidate.name} ran no task")
            else:
                ratings[candidate.name] = rating
        return ratings

    def run(self, candidates):
        databases = self.fill(candidates)
        longest = 0.0
        for number in range(self.options.runs):
            start = time.monotonic()
            if self.rounds and start - self.began + longest > self.options.budget:
                self.say(f"no time for round {number + 1}")
                break
            self.say(f"round {number + 1}")
            self.rounds.append(self.round(databases))
            longest = max(longest, time.monotonic() - start)


def table(rounds):
    """Prints medians of the rounds; ratios are computed within each round first."""
    floors = [name for name, _, _ in FLOORS]
    print("| queue | tasks/s (min–max) | Redis CPU/task | " + " | ".join(f"of {f}" for f in floors) + " |")
    print("| --- | --- | --- |" + " --- |" * len(floors))
    names = list(dict.fromkeys(name for ratings in rounds for name in ratings))
    for name in names:
        rows = [ratings for ratings in rounds if name in ratings]
        rates = [row[name].rate for row in rows]
        mark = "*" if any(row[name].cut for row in rows) else ""
        title = f"bare {name}" if name in floors else name
        cells = [f"{title}{mark}", f"{statistics.median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f})"]
        cells.append(f"{statistics.median(row[name].cpu for row in rows):.1f} µs")
        for floor in floors:
            ratio = statistics.median(row[name].rate / row[floor].rate for row in rows)
            cells.append(f"{ratio * 100:.1f} %")
        print("| " + " | ".join(cells) + " |")
    print(f"\n{len(rounds)} rounds. * Not finished at the time limit: rate of the tasks completed by then.")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tasks", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--limit", type=float, required=True)
    parser.add_argument("--budget", type=float, required=True)
    parser.add_argument("--xqueue", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--without", default="")
    options = parser.parse_args()
    only = [name for name in options.only.split(",") if name]
    candidates = [
        c for c in CANDIDATES
        if (not only or c.name in only) and c.venv not in options.without.split(",")
        and (c.name != "xqueue-python" or os.environ.get("COMPARE_SERVER"))
    ]
    measurement = Measurement(options)

    # An exception, unlike a signal, lets the drain kill its worker.
    def stop(number, _frame):
        raise SystemExit(f"compare-queues: stopped by {signal.Signals(number).name}")

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(int(options.budget) + 15)
    try:
        measurement.run(candidates)
    finally:
        if measurement.rounds:
            table(measurement.rounds)


if __name__ == "__main__":
    main()
